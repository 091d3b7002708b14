import { assertEquals } from "@std/assert";
import { importRecording } from "./import.ts";
import { bytesOf, refused } from "./import_testing.ts";
import { readBytes } from "./bytes.ts";
import { readPickle } from "./pickle.ts";
import { REFUSED } from "./pickle_opcodes.ts";
import { PASSED_OVER } from "./pickle_values.ts";
import { pickle, type Pickled } from "./testing_pickle.ts";
import { gzip } from "./trace_testing.ts";

const WANTED = new Set(["a", "b", "list", "size"]);

function read(file: Uint8Array): Promise<unknown> {
  return readPickle("file", readBytes("file", file), WANTED);
}

const DATA: Pickled = {
  a: [0, 255, 256, 65_535, 65_536, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 47, 0.5, true, false, null],
  b: Array.from({ length: 2500 }, (_, index) => ({ size: index, other: "x".repeat(300) })),
  list: ["é\u4e00", "a", "a", ""],
  dropped: [1, 2, 3],
};

Deno.test("a pickle of any protocol from 2 to 5 gives the wanted data, in pieces of any size", async () => {
  for (const protocol of [2, 3, 4, 5] as const) {
    const file = pickle(DATA, protocol);
    for (const size of [1, 7, 4096, file.length]) {
      const pieces = async function* () {
        for (let at = 0; at < file.length; at += size) yield await Promise.resolve(file.subarray(at, at + size));
      };
      const { a, b, list, dropped } = await readPickle("file", pieces(), WANTED) as Record<string, unknown>;
      assertEquals(a, (DATA as { a: Pickled }).a);
      assertEquals(
        (b as { size: number }[]).map(({ size }) => size),
        Array.from({ length: 2500 }, (_, index) => index),
      );
      assertEquals([list, dropped], [["é\u4e00", "a", "a", ""], undefined]);
    }
  }
});

Deno.test("tuples are lists, and a tuple of a mark takes what is above it", async () => {
  assertEquals(await read(bytesOf(Uint8Array.of(0x80, 2, 0x4b, 1, 0x85, 0x4b, 2, 0x86, 0x2e))), [[1], 2]);
  assertEquals(await read(Uint8Array.of(0x80, 2, 0x28, 0x4b, 1, 0x4b, 2, 0x4b, 3, 0x74, 0x2e)), [1, 2, 3]);
});

Deno.test("each opcode that runs or names code is refused with its name and its offset", async () => {
  for (const [opcode, name] of REFUSED) {
    const file = Uint8Array.of(0x80, 4, 0x5d, 0x94, opcode, 0x2e);
    await refused(file, { offset: 4 }, `(${name}) runs or names code`);
    await refused(await gzip(file), { offset: 4 }, `(${name}) runs or names code`);
  }
  // os.system("true"), as a pickle of protocol 2 would run it.
  const attack = bytesOf("\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R.".replace("\x80", "?"));
  attack[0] = 0x80;
  await refused(attack, { offset: 2 }, "(GLOBAL)");
});

Deno.test("opcodes of text protocols and unknown ones are refused", async () => {
  for (const opcode of [0x49, 0x4c, 0x53, 0x56, 0x46, 0xff, 0x00]) {
    await refused(Uint8Array.of(0x80, 2, opcode, 0x2e), { offset: 2 }, "is not one of data in protocols 2 to 5");
  }
  for (const protocol of [0, 1, 6, 255]) {
    await refused(Uint8Array.of(0x80, protocol, 0x4e, 0x2e), { offset: 0 }, `its protocol is ${protocol}`);
  }
});

Deno.test("a stack, mark, memo or container that is not there is refused at the opcode", async () => {
  const at = (codes: readonly number[], offset: number, why: string) =>
    refused(Uint8Array.of(0x80, 2, ...codes), { offset }, why);
  await at([0x2e], 2, "the stack is empty");
  await at([0x4e, 0x4e, 0x2e], 4, "STOP leaves 1 values");
  await at([0x65], 2, "there is no mark");
  await at([0x4e, 0x28, 0x30, 0x30, 0x30], 6, "the stack is empty");
  await at([0x4e, 0x28, 0x85], 4, "the stack is empty");
  await at([0x4e, 0x4e, 0x61], 4, "what is appended to is not a list");
  await at([0x5d, 0x4e, 0x4e, 0x73], 5, "what gets items is not a dict");
  await at([0x7d, 0x28, 0x4e, 0x75], 5, "a key has no value");
  await at([0x68, 0], 2, "nothing was put into the memo under 0");
  await at([0x4e, 0x72, 0xff, 0xff, 0xff, 0xff], 3, "the memo has 0 values, and 4294967295 is put");
});

Deno.test("huge counts reserve no memory, and contents that end before the pickle or go on after it are refused", async () => {
  const most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0];
  await refused(Uint8Array.of(0x80, 4, 0x8d, ...most, 0x61), { offset: 2 }, "it is cut short");
  await refused(Uint8Array.of(0x80, 4, 0x8b, 0xff, 0xff, 0xff, 0xff, 1), { offset: 2 }, "it is cut short");
  const file = pickle(DATA, 4).slice(0, -1);
  await refused(file, { offset: file.length }, "it is cut short");
  await refused(Uint8Array.of(0x80, 4, 0x4e, 0x2e, 0x2e), { offset: 4 }, "there is more after its end");
});

Deno.test("deep nesting and a stack of millions of values are no danger", async () => {
  const deep = new Uint8Array(2 + 500_000 + 499_999 + 1).fill(0x5d, 2, 500_002).fill(0x61, 500_002);
  deep.set([0x80, 2]);
  deep[deep.length - 1] = 0x2e;
  await refused(deep, { offset: 0 }, "it must be a dict, but is a list");
  const high = new Uint8Array(3_000_000).fill(0x4e);
  high.set([0x80, 2]);
  await refused(high, { offset: 2 + 2 ** 20 }, "values are on the stack");
});

Deno.test("nothing is made of what stands under keys that are not wanted, and it cannot come back under one that is", async () => {
  const shared = [{ a: 1 }, [2], { b: [3] }];
  const plain = async (file: Uint8Array) =>
    JSON.parse(JSON.stringify(await read(file), (key, value) => key === "at" ? undefined : value));
  assertEquals(await plain(pickle({ x: shared, a: [{ x: { a: 1 }, b: [1] }], b: [[{ a: 2 }]] }, 4)), {
    a: [{ b: [1] }],
    b: [[{ a: 2 }]],
  });
  // {"x": [] (memo 0), "a": memo 0}
  const back = Uint8Array.of(0x80, 4, 0x7d, 0x28, 0x8c, 1, 0x78, 0x5d, 0x94, 0x8c, 1, 0x61, 0x68, 0, 0x75, 0x2e);
  assertEquals((await read(back) as { a: unknown }).a, PASSED_OVER);
  // A list of {"x": [[]]}, {"x": ([],)} and {"x": {"a": 1}} by the opcodes for one item each.
  const single = [0x7d, 0x8c, 1, 0x78, 0x5d, 0x5d, 0x61, 0x73, 0x61];
  const tuple = [0x7d, 0x8c, 1, 0x78, 0x5d, 0x85, 0x73, 0x61];
  const dict = [0x7d, 0x8c, 1, 0x78, 0x7d, 0x8c, 1, 0x61, 0x4b, 1, 0x73, 0x73, 0x61];
  assertEquals(await plain(Uint8Array.of(0x80, 4, 0x5d, ...single, ...tuple, ...dict, 0x2e)), [{}, {}, {}]);
});

Deno.test("keys that are names of prototypes touch none", async () => {
  const keys = ["__proto__", "constructor", "prototype", "toString", "at"];
  const attack = pickle(Object.fromEntries(keys.map((key) => [key, { polluted: 1, a: [1] }] as const)), 4);
  await refused(attack, { offset: attack.length - 2 }, "device_traces");
  assertEquals(({} as { polluted?: number }).polluted, undefined);
});

Deno.test("a stream that fails passes its error on, and one that is refused is cancelled", async () => {
  let cancelled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(Uint8Array.of(0x80, 2, 0x52)),
    cancel: () => void cancelled++,
  });
  await importRecording("file", endless).then(() => 0, (error) => assertEquals(error.code, "EINVAL"));
  assertEquals(cancelled, 1);
});
