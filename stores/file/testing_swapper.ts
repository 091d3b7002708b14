import { readSync, writeSync } from "node:fs";
import { BoDevice, type BufferObject, PAGE_SIZE, type SwapStore } from "@ttm/core";
import { FileStore } from "./mod.ts";

/** The sizes of the buffers that are swapped. Every other one has storage of its own, which is written again and again. */
export const PAGES: readonly number[] = [1, 2, 8, 24, 4, 12];

/** What buffer `at` holds in a generation: any part of it says whose it is. */
export function contentsOf(at: number, generation: number): Uint8Array {
  const words = new Uint32Array((PAGES[at] ?? 0) * PAGE_SIZE / 4);
  for (let index = 2; index < words.length; index++) {
    words[index] = Math.imul(index, 2654435761) ^ (generation << 3 | at);
  }
  words.set([at, generation]);
  return new Uint8Array(words.buffer);
}

/**
 * Swaps all buffers out and in, generation by generation, and says before and after that it does so. When everything has
 * been swapped out once it waits for a byte of its parent.
 */
async function swapForEver(store: SwapStore): Promise<never> {
  const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
  const device = new BoDevice({ driver, managers: {}, store });
  const buffers = PAGES.map((pages, at) => {
    return device.createBuffer({ bytes: pages * PAGE_SIZE, ...(at % 2 === 0 && { swapKey: `buffer-${at}` }) });
  });
  for (let generation = 1;; generation++) {
    for (const [at, buffer] of buffers.entries()) await nextContents(buffer, at, generation);
    tell(`begin ${generation}`);
    await Promise.all(buffers.map(() => device.swapOut()));
    if (!buffers.every(({ swapped }) => swapped)) throw new Error("not everything has been swapped out");
    tell(`kept ${generation}`);
    if (generation === 1) readSync(0, new Uint8Array(1));
  }
}

async function nextContents(buffer: BufferObject, at: number, generation: number): Promise<void> {
  using _reservation = await buffer.reserve();
  await buffer.validate({ placement: [{ memoryType: "system" }] });
  const found = await buffer.read();
  const before = generation === 1 ? new Uint8Array(buffer.bytes) : contentsOf(at, generation - 1);
  if (!found.every((byte, index) => byte === before[index])) throw new Error(`${buffer} came back with other bytes`);
  await buffer.write(contentsOf(at, generation));
}

/** By a call that has handed the line over when it returns: whoever is killed afterwards has said it. */
function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

if (import.meta.main) await swapForEver(new FileStore({ directory: Deno.args[0] ?? "" }));
