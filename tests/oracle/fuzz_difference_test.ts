import { assertEquals } from "@std/assert";
import { differenceAt, whereTheyPart } from "./fuzz_difference.ts";

const lines = ['{"hdr":1}', '{"i":0,"op":"create"}', '{"i":1,"op":"validate"}'];

Deno.test("differences in the same member of the same operation are one kind, whatever the values", () => {
  const kinds = [1, 2, 3].map((moved) => differenceAt(lines, 1, { moved }, { moved: moved + 1 }).kind);
  assertEquals(kinds, Array(3).fill("validate: moved"));
});

Deno.test("the kind of a difference has error codes, but not counts", () => {
  const kind = (expected: number, found: number) => differenceAt(lines, 0, { ret: expected }, { ret: found }).kind;
  assertEquals(kind(0, -12), "create: ret 0 in the kernel, -12 here");
  assertEquals(kind(3, -12), kind(4, -12));
});

Deno.test("the kind of a difference in rows has the column, and the detail has place and values", () => {
  const bos = (start: number) => [[0, 2, 0], [1, 2, start]];
  const { detail, kind, operation } = differenceAt(lines, 1, { bos: bos(3) }, { bos: bos(7) });
  assertEquals([operation, kind, detail], [1, "validate: bos column 2", "bos[1][2]: 3 in the kernel, 7 here"]);
});

Deno.test("the kind of an exception is its message without numbers", () => {
  const kind = (error: string) => differenceAt(lines, 0, { op: "create" }, { error }).kind;
  assertEquals(kind("TypeError: no buffer 3"), "create: throws TypeError: no buffer N");
  assertEquals(kind("TypeError: no buffer 3"), kind("TypeError: no buffer 14"));
});

Deno.test("whereTheyPart() gives the path to the first difference, also at the end of one value", () => {
  assertEquals(whereTheyPart({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }), ".a[1].b: 2 in the kernel, 3 here");
  assertEquals(whereTheyPart([1, 2], [1]), ": [1,2] in the kernel, [1] here");
  assertEquals(whereTheyPart({ a: 1 }, {}), ".a: 1 in the kernel, nothing here");
});
