import { assert } from "@std/assert";
import { BoDevice, type BufferObject, checkInvariants, PAGE_SIZE, SimulatedClock } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim, type RadeonSimOptions } from "./mod.ts";

/** A simulated GPU in a device, with short helper methods. */
export interface Bench {
  readonly device: BoDevice;
  readonly gpu: RadeonSim;
  readonly clock: SimulatedClock;
  readonly moves: string[];
  /** Creates a buffer, which stays reserved. */
  make(pages: number, memoryType?: string): BufferObject;
  bring(buffer: BufferObject, memoryType: string): void;
  /** Submits a job of 1 ms that fills a buffer. */
  fill(buffer: BufferObject, stamp: number): void;
  holds(buffer: BufferObject, stamp: number): boolean;
}

/** Copies take 1 ms a page. */
export const SLOW: Pick<RadeonSimOptions, "copyLatencyMs" | "copyBytesPerMs"> = {
  copyLatencyMs: 0,
  copyBytesPerMs: PAGE_SIZE,
};

/** Runs a test with 8 pages of VRAM and 64 of GTT, then checks all invariants and closes the device. */
export async function bench(
  options: Partial<RadeonSimOptions>,
  test: (bench: Bench) => void | Promise<void>,
): Promise<void> {
  const gpu = new RadeonSim({ vram: 8 * PAGE_SIZE, gtt: 64 * PAGE_SIZE, ...options });
  const clock = new SimulatedClock();
  const moves: string[] = [];
  const device = new BoDevice({
    driver: gpu,
    managers: { vram: firstFit(), gtt: firstFit() },
    clock,
    tracer: { move: ({ from, to, failure }) => moves.push(`${from?.memoryType}>${to.memoryType} ${failure ?? "ok"}`) },
  });
  const buffers: BufferObject[] = [];
  const bring = (buffer: BufferObject, memoryType: string) => {
    while (buffer.tryValidate({ placement: [{ memoryType }] }) !== null) assert(clock.runNext(), "the device hangs");
  };
  await test({
    device,
    gpu,
    clock,
    moves,
    bring,
    make(pages, memoryType) {
      const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE });
      buffers.push(buffer);
      buffer.tryReserve();
      if (memoryType !== undefined) bring(buffer, memoryType);
      return buffer;
    },
    fill: (buffer, stamp) =>
      void gpu.submit({ buffers: [{ buffer, write: true }], durationMs: 1, program: ([all]) => all?.fill(stamp) }),
    holds: (buffer, stamp) => gpu.contentsOf(buffer)?.firstMismatch(stamp) === -1,
  });
  clock.runUntilIdle();
  checkInvariants(device);
  for (const buffer of buffers.filter(({ disposed }) => !disposed)) {
    if (buffer.reserved) buffer.unreserve();
    buffer.unref();
  }
  await device.close();
}
