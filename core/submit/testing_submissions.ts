/**
 * What the tests of submissions share.
 *
 * @module
 */
import type { BufferObject, FenceUsage, Placement, SubmitEntry } from "../mod.ts";
import { only, type TestDevice, testDevice } from "../testing_devices.ts";

export const vram: Placement = only("vram");

/** Work that submits nothing. */
export const NOTHING = (): void => {};

/** Lets all tasks run until they wait. */
export const allBlocked = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** The memory types that buffers are in. */
export function where(buffers: readonly BufferObject[]): (string | null)[] {
  return buffers.map(({ memoryType }) => memoryType);
}

/** The usages of the pending fences of a buffer. */
export function usages({ reservation }: BufferObject): FenceUsage[] {
  return reservation.fences.list().map(({ usage }) => usage);
}

/** A device with buffers to submit. */
export interface Bench extends TestDevice {
  /** As many as were asked for. */
  readonly buffers: [BufferObject, BufferObject, BufferObject];
  /** Each of them for VRAM. */
  readonly entries: SubmitEntry[];
  /** The numbers of the buffers in VRAM, the first victim first. */
  order(): number[] | undefined;
}

/** VRAM of 8 pages, and buffers of these sizes that have no place yet. */
export function make(pages: readonly number[], options: Parameters<typeof testDevice>[0] = {}): Bench {
  const made = testDevice(options);
  const buffers = pages.map((count) => made.device.createBuffer({ bytes: count * 4096 }));
  const entries = buffers.map((buffer): SubmitEntry => ({ buffer, placement: vram }));
  const order = () => made.device.lru("vram")[0]?.map(({ id }) => id);
  return { ...made, buffers: buffers as [BufferObject, BufferObject, BufferObject], entries, order };
}
