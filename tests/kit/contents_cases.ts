import { type BufferObject, PAGE_SIZE } from "@ttm/core";
import { bytesOf, type DriverBench } from "./driver_bench.ts";

type Case = (bench: DriverBench) => Promise<void>;

const PAGES = 3;

/** Cases for which bytes are moved between any two memory types. */
export function contentsCases(types: readonly string[]): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const from of types) {
    for (const to of types) {
      if (from === to) continue;
      cases[`what is written in ${from} is in ${to}, and not what was in ${to} before`] = async (bench) => {
        const buffer = await bench.make(to, PAGES, 1);
        for (let seed = 2; seed <= 4; seed++) {
          await bench.bring(buffer, from);
          await write(buffer, bytesOf(buffer.bytes, seed));
          await bench.bring(buffer, to);
          await bench.mustHave(buffer, bytesOf(buffer.bytes, seed), `: it was written in ${from}`);
        }
      };
      cases[`moves from ${from} to ${to} compare nothing: zeros and likenesses are moved as well`] = async (bench) => {
        for (const [what, bytes] of likenesses()) {
          // The memory of this one is used again, and has the bytes that the others are like.
          const before = await bench.make(to, PAGES, 1);
          before.unref();
          await bench.settle();
          const buffer = await bench.make(from, PAGES, 2);
          await write(buffer, bytes);
          await bench.bring(buffer, to);
          await bench.mustHave(buffer, bytes, `: it has ${what}`);
          buffer.unref();
          await bench.settle();
        }
      };
      cases[`buffers of one byte to all of the memory move from ${from} to ${to}`] = async (bench) => {
        const most = Math.min(...[from, to].map((type) => type === "system" ? 64 : bench.device.usage(type).pages));
        for (const bytes of [1, PAGE_SIZE - 1, PAGE_SIZE + 1, 2.5 * PAGE_SIZE, most * PAGE_SIZE - 1]) {
          const buffer = bench.keep(bench.device.createBuffer({ bytes }));
          await bench.bring(buffer, from);
          await write(buffer, bytesOf(bytes, 5));
          await bench.bring(buffer, to);
          await bench.mustHave(buffer, bytesOf(bytes, 5), `: it has ${bytes} bytes`);
          buffer.unref();
          await bench.settle();
        }
      };
    }
  }
  return cases;
}

/** Contents that a comparison takes for those of seed 1, or for nothing. */
function likenesses(): [what: string, bytes: Uint8Array][] {
  const old = bytesOf(PAGES * PAGE_SIZE, 1);
  const fresh = bytesOf(PAGES * PAGE_SIZE, 2);
  const joined = (from: number, to: number) => {
    const bytes = fresh.slice();
    bytes.set(old.subarray(from, to), from);
    return bytes;
  };
  return [
    ["zeros", new Uint8Array(old.length)],
    ["a page of zeros", fresh.slice().fill(0, PAGE_SIZE, 2 * PAGE_SIZE)],
    ["the first page of what was there before", joined(0, PAGE_SIZE)],
    ["the last page of what was there before", joined(2 * PAGE_SIZE, old.length)],
    ["all but the last byte of what was there before", joined(0, old.length - 1)],
    ["all but the first byte of what was there before", joined(1, old.length)],
  ];
}

/** Writes bytes to the start of a buffer. */
export async function write(buffer: BufferObject, bytes: Uint8Array): Promise<void> {
  await buffer.reserve();
  await buffer.write(bytes);
  buffer.unreserve();
}
