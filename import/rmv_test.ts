import { assertEquals, assertRejects } from "@std/assert";
import { importRecording } from "./import.ts";
import { refused } from "./import_testing.ts";
import { RMV_TOKENS } from "./testing_recordings.ts";
import { compress, rmv, type RmvToken } from "./testing_rmv.ts";
import { WorkloadError } from "./workload.ts";
import { zstdCompressSync } from "node:zlib";
import { decompress } from "fzstd";

Deno.test("a file of the Radeon Memory Visualizer is its virtual allocations, by heap and in microseconds", async () => {
  const { format, uses, workload, facts } = await importRecording("/x/demo.rmv", rmv([RMV_TOKENS]));
  assertEquals([format, uses, workload.name, workload.time], ["Radeon Memory Visualizer", "lifetimes", "demo", "us"]);
  assertEquals(workload.events, [
    { op: "alloc", t: 0, id: 1, bytes: 16_384, tag: "local" },
    { op: "alloc", t: 32, id: 2, bytes: 4096, tag: "system" },
    { op: "free", t: 3232, id: 2 },
  ]);
  const heaps = { localBytes: 256 * 2 ** 20, invisibleBytes: 2 ** 30, systemBytes: 2 ** 32 };
  assertEquals(facts, { allocations: 2, resources: 2, binds: 2, ...heaps });
});

Deno.test("processes have addresses of their own, and events of all stand in the order of their times", async () => {
  const one: RmvToken[] = [{ kind: "delta", ticks: 320 }, { kind: "allocate", address: 0x1000, pages: 1, heap: 1 }];
  const two: RmvToken[] = [
    { kind: "allocate", address: 0x1000, pages: 2, heap: 3 },
    { kind: "delta", ticks: 6400 },
    { kind: "free", address: 0x1000 },
  ];
  assertEquals((await importRecording("file", rmv([one, two]))).workload.events, [
    { op: "alloc", t: 0, id: 1, bytes: 8192, tag: "system" },
    { op: "alloc", t: 3, id: 2, bytes: 4096, tag: "invisible" },
    { op: "free", t: 64, id: 1 },
  ]);
});

Deno.test("what does not add up is refused at the token", async () => {
  const wrong = async (token: RmvToken, why: string) => {
    const file = rmv([[...RMV_TOKENS, token]]);
    const before = rmv([RMV_TOKENS]);
    // The table of two entries of 64 bytes stands behind the tokens.
    await refused(file, { offset: before.length - 128 }, why);
  };
  await wrong({ kind: "free", address: 0x80_0000 }, "0x800000 was not allocated");
  await wrong({ kind: "free", address: 0x10_1000 }, "0x101000 was not allocated");
  await wrong({ kind: "allocate", address: 0x10_0000, pages: 1, heap: 0 }, "0x100000 is allocated already");
  await wrong({ kind: "create", resource: 7, type: 11 }, "resource 7 was created already");
  await wrong({ kind: "destroy", resource: 8 }, "resource 8 was not created");
  await wrong({ kind: "bind", resource: 9, address: 0x10_0000, bytes: 1 }, "resource 9 was not created");
  await wrong({ kind: "bind", resource: 7, address: 0x10_3000, bytes: 4097 }, "resource 7 lies outside");
  await wrong({ kind: "bind", resource: 7, address: 0x0f_ffff, bytes: 1 }, "resource 7 lies outside");
  await wrong({ kind: "raw", bytes: [2] }, "a token has the unknown type 2");
  await wrong({ kind: "raw", bytes: [12, 0, 0] }, "a token is cut short");
  await wrong({ kind: "raw", bytes: [4, 0, 0xff, 0xff] }, "a token is cut short");
  await wrong({ kind: "raw", bytes: [13, 0, 0, 0, 0, 0, 18, 0, 0, 0] }, "a resource has the unknown type 18");
});

Deno.test("chunks outside of the file, in unknown compressions and streams without a beginning are refused", async () => {
  const file = rmv([RMV_TOKENS]);
  const changed = (at: number, value: number) => {
    const copy = Uint8Array.from(file);
    copy[at] = value;
    return copy;
  };
  const table = file.length - 128;
  await refused(file.slice(0, -1), { offset: 16 }, "the table of chunks ends beyond the file: is it cut short?");
  await refused(file.slice(0, 20), { offset: 20 }, "the file is cut short");
  await refused(changed(30, 255), { offset: 16 }, "the table of chunks ends beyond the file");
  await refused(changed(table + 16, 2), { offset: table + 16 }, "chunk 0 has the unknown compression 2");
  await refused(changed(table + 64 + 54, 1), { offset: table + 64 + 40 }, "chunk 1 ends beyond the file");
  const error = await assertRejects(() => importRecording("file", rmv([])), WorkloadError);
  assertEquals([error.offset, error.why.includes("it has no RMT tokens")], [0, true]);
});

/** Hides zstd from the reader, as browsers and Node 20 have none. */
async function withoutZstd<T>(fn: () => Promise<T>): Promise<T> {
  const { getBuiltinModule } = process;
  process.getBuiltinModule = (() => ({})) as never;
  try {
    return await fn();
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
}

Deno.test("chunks compressed with zstd are read as they were, by the platform or by a decoder of the caller's", async () => {
  const plain = await importRecording("file", rmv([RMV_TOKENS, RMV_TOKENS]));
  for (const pack of [compress, (data: Uint8Array) => zstdCompressSync(data)]) {
    const packed = rmv([RMV_TOKENS, RMV_TOKENS], pack);
    assertEquals(await importRecording("file", packed), plain);
    assertEquals(await withoutZstd(() => importRecording("file", packed, { zstd: decompress })), plain);
  }
});

Deno.test("without zstd a compressed file is refused, and the message says what helps", async () => {
  await withoutZstd(() => refused(rmv([RMV_TOKENS], compress), { offset: 32 }, "pass a decoder as options.zstd"));
});

Deno.test("faults in a compressed chunk are told with the chunk, and their place in it", async () => {
  const wrong: RmvToken = { kind: "free", address: 0x80_0000 };
  const at = rmv([RMV_TOKENS]).length - rmv([[]]).length + 12;
  const file = rmv([[...RMV_TOKENS, wrong]], compress);
  const error = await assertRejects(() => importRecording("file", file), WorkloadError);
  assertEquals(error.why.includes(`0x800000 was not allocated (at ${at} of chunk 1)`), true, error.why);
});

Deno.test("a compressed chunk has the size that the table says, and no decoder is asked for more", async () => {
  const file = rmv([RMV_TOKENS], compress);
  const entry = file.length - 64;
  const dataOf = ({ buffer, length }: Uint8Array<ArrayBuffer>) => ({
    offset: Number(new DataView(buffer).getBigUint64(length - 24, true)),
  });
  const sized = (from: Uint8Array<ArrayBuffer>, bytes: bigint) => {
    const copy = Uint8Array.from(from);
    new DataView(copy.buffer).setBigUint64(copy.length - 8, bytes, true);
    return copy;
  };
  const size = new DataView(file.buffer).getBigUint64(file.length - 8, true);
  await refused(
    sized(file, size + 1n),
    dataOf(file),
    `chunk 1: its zstd frame has ${size} bytes, not ${size + 1n}`,
  );
  await refused(sized(file, 2n ** 60n), { offset: entry + 56 }, "its chunks have more than 1073741824 bytes");
  const untold = rmv([RMV_TOKENS], (bytes) => zstdCompressSync(bytes));
  await refused(sized(untold, size - 1n), dataOf(untold), `or has more than ${size - 1n} bytes`);
  await refused(sized(untold, size + 1n), dataOf(untold), `its zstd data has ${size} bytes, not ${size + 1n}`);
  await refused(sized(untold, 2n ** 29n), dataOf(untold), "never are 536870912");
  const asked: number[] = [];
  const zstd = (packed: Uint8Array, into: Uint8Array) => {
    asked.push(into.length);
    return decompress(packed, into);
  };
  await importRecording("file", file, { zstd });
  assertEquals(asked, [72, Number(size)]);
  const { offset } = dataOf(file);
  await refused(Uint8Array.from(file).fill(255, offset + 8, offset + 20), { offset }, "its zstd data is corrupt");
});
