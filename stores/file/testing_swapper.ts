import { readSync, writeSync } from "node:fs";
import { BoDevice, type BufferObject, PAGE_SIZE, type SwapStore } from "@ttm/core";
import { FileStore } from "./mod.ts";

/**
 * The sizes of the swapped buffers. Every other one is stored under a key of its own, so that its file is rewritten in each generation.
 */
export const PAGES: readonly number[] = [1, 2, 8, 24, 4, 12];

/** The contents of buffer `at` in a generation; any part of them identifies both. */
export function contentsOf(at: number, generation: number): Uint8Array {
  const words = new Uint32Array((PAGES[at] ?? 0) * PAGE_SIZE / 4);
  for (let index = 2; index < words.length; index++) {
    words[index] = Math.imul(index, 2654435761) ^ (generation << 3 | at);
  }
  words.set([at, generation]);
  return new Uint8Array(words.buffer);
}

/**
 * Swaps all buffers out and in, generation by generation, and prints a line before and after each swapout. After the
 * first swapout it waits for a byte from its parent.
 */
async function swapForEver(store: SwapStore): Promise<never> {
  const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
  const device = new BoDevice({ driver, managers: {}, store });
  const buffers: BufferObject[] = [];
  for (const [at, pages] of PAGES.entries()) {
    const bytes = pages * PAGE_SIZE;
    const key = `buffer-${at}`;
    if (at % 2 === 0) await store.write(key, new Uint8Array(bytes));
    buffers.push(device.createBuffer({ bytes, ...(at % 2 === 0 && { stored: { key } }) }));
  }
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

/** Synchronous, so that a process that is killed later has printed the line. */
function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

if (import.meta.main) await swapForEver(new FileStore({ directory: Deno.args[0] ?? "" }));
