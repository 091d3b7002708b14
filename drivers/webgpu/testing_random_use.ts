import { assert, assertEquals } from "@std/assert";
import { BoDevice, type BufferObject, checkInvariants, PAGE_SIZE } from "@ttm/core";
import { byteBudget, type GpuBuffer, type GpuDevice, WebGpu } from "./mod.ts";

/** Makes the device fill a buffer with one value. */
export type Fill = (gpu: GpuBuffer, value: number) => void;

const LIVE = 32;
const MAX_PAGES = 4;
const BUDGET_PAGES = LIVE * MAX_PAGES / 4;

interface Known {
  readonly buffer: BufferObject;
  /** The expected bytes: `value`, except for `byte` at `at`. */
  value: number;
  at: number;
  byte: number;
}

/**
 * Uses a device at random, in four concurrent loops, with a quarter of the memory that the buffers need; compares the
 * contents whenever they are read. Throws if a byte is wrong or the budget was exceeded.
 */
export async function useAtRandom(gpu: GpuDevice, operations: number, seed: number, fill: Fill): Promise<WebGpu> {
  let state = seed;
  const random = (below: number) => (state = state * 48271 % 2147483647) % below;
  const driver = new WebGpu({ device: gpu, budget: BUDGET_PAGES * PAGE_SIZE, stagingBytes: 8 * PAGE_SIZE });
  const device = new BoDevice({ driver, managers: { vram: byteBudget(driver) } });
  const pool: Known[] = [];
  const make = () => {
    const pages = random(8) === 0 ? 1 + random(MAX_PAGES) : MAX_PAGES;
    return { buffer: device.createBuffer({ bytes: pages * PAGE_SIZE }), value: 0, at: 0, byte: 0 };
  };
  for (let at = 0; at < LIVE; at++) pool.push(make());
  let left = operations;
  const party = async () => {
    while (left-- > 0) {
      const index = random(LIVE);
      const known = pool[index] as Known;
      const { buffer } = known;
      if (!buffer.tryReserve()) {
        await null;
        continue;
      }
      if (random(40) === 0) {
        pool[index] = make();
        buffer.unreserve();
        buffer.unref();
        continue;
      }
      await buffer.validate({ placement: [{ memoryType: random(5) === 0 ? "system" : "vram" }] });
      assert(driver.stats.deviceBytes <= BUDGET_PAGES * PAGE_SIZE, `${driver.stats.deviceBytes} bytes on the device`);
      await useOnce(driver, known, random, fill);
      buffer.unreserve();
    }
  };
  await Promise.all(Array.from({ length: 4 }, party));
  checkInvariants(device);
  for (const known of pool) {
    await known.buffer.reserve();
    await mustHold(known);
    known.buffer.unreserve();
    known.buffer.unref();
  }
  await device.close();
  return driver;
}

async function useOnce(driver: WebGpu, known: Known, random: (below: number) => number, fill: Fill): Promise<void> {
  const { buffer } = known;
  const act = random(10);
  if (act < 4 && buffer.memoryType === "vram") {
    known.value = known.byte = 1 + random(255);
    fill(driver.gpuBuffer(buffer, "write"), known.value);
  } else if (act < 6) {
    if (known.byte === known.value) {
      [known.at, known.byte] = [random(buffer.bytes), random(256)];
      await buffer.write(new Uint8Array([known.byte]), { offset: known.at });
    } else {
      known.byte = known.value;
      await buffer.write(new Uint8Array(buffer.bytes).fill(known.value));
    }
  } else if (act < 7) {
    await mustHold(known);
  }
}

async function mustHold({ buffer, value, at, byte }: Known): Promise<void> {
  const bytes = await buffer.read();
  const expected = new Uint8Array(buffer.bytes).fill(value);
  expected[at] = byte;
  const wrong = bytes.findIndex((found, index) => found !== expected[index]);
  assertEquals(wrong, -1, `${buffer} at byte ${wrong}: ${bytes[wrong]}, not ${expected[wrong]}`);
}
