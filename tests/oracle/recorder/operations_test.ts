import { assertEquals, assertThrows } from "@std/assert";
import { lineOf, type Operation, operationOf, requestOf, textOf, wasDone, worldOf } from "./operations.ts";

Deno.test("an operation goes to the kernel as its inputs in order, lists with a count before them", () => {
  const validate: Operation = { op: "validate", bo: 3, nw: 1, pl: [[2, 0, 8, 1], [0, 0, 0, 0]], held: [5, 6] };
  assertEquals(requestOf("ttmf", validate, false), "validate 3 0 1 0 2 2 0 8 1 0 0 0 0 2 5 6");
  assertEquals(requestOf("ttmf", { op: "create", bo: 0, pages: 4 }, false), "create 0 0 4 0 0 -1 0 0 0 0 0 0");
  assertEquals(requestOf("ttmt", { op: "validate", bo: 3, c: 1 }, false), "validate 3 1 0 0 0");
  assertEquals(requestOf("mm", { op: "remove", id: 7 }, true), "remove 1 7");
});

Deno.test("an operation that the family does not have is refused", () => {
  assertThrows(() => requestOf("mm", { op: "create" }, false), Error, 'Cannot record operation "create"');
});

Deno.test("a kernel world is made from the header, with defaults for fields that are missing", () => {
  assertEquals(worldOf({ kind: "ttm", vram: 64, evict: 1 }), "new ttm 64 0 1 0 0 0 1 0 0 0 0 0 0 0 0");
  assertEquals(worldOf({ kind: "buddy", size: 8192, chunk: 4096 }), "new buddy 8192 4096");
  assertEquals(worldOf({ kind: "mm", start: 5, size: 96, color: 0 }), "new mm 5 96 0");
});

Deno.test("a line of a trace has all inputs before the kernel's results", () => {
  const pin: Operation = { op: "pin", bo: 2 };
  assertEquals(lineOf("ttmf", 7, pin, '"ret":0'), '{"i":7,"op":"pin","bo":2,"tail":1,"ret":0}');
  assertEquals(lineOf("ttm", 7, pin, '"ret":0'), '{"i":7,"op":"pin","bo":2,"ret":0}');
  const fence: Operation = { op: "addfence", bo: 2, f: 0, tl: 1, usage: 3 };
  const answer = '"seq":1,"usage":3,"ret":0';
  assertEquals(lineOf("ttmf", 0, fence, answer), `{"i":0,"op":"addfence","bo":2,"f":0,"tl":1,${answer}}`);
});

Deno.test("a line of a trace can be read as the operation that it was made of", () => {
  const read = { i: 4, op: "read", bo: 2, v: [1, 2], ret: 0 } as unknown as Operation;
  assertEquals(operationOf("ttms", read), { op: "read", bo: 2 });
});

Deno.test("an operation that would have slept, or names an unknown object, counts as not done", () => {
  assertEquals([-999, -998, -12, 0].map((ret) => wasDone({ ret })), [false, false, true, true]);
  assertEquals(wasDone({}), true);
});

Deno.test("an operation as text has only values that are not defaults", () => {
  const create = { op: "create", bo: 0, dev: 0, pages: 4, rv: -1, nw: 1, pl: [[2, 0, 8, 1]] } as const;
  assertEquals(textOf("ttmf", create), "create bo=0 pages=4 nw=1 pl=[[2,0,8,1]]");
  assertEquals(textOf("ttmf", { op: "validate", bo: 1, pl: [], held: [] }), "validate bo=1 pl=[]");
  assertEquals(textOf("ttmf", { op: "pin", bo: 1, tail: 0 }), "pin bo=1 tail=0");
});
