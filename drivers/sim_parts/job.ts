import { type BufferObject, type Fence, TtmError } from "@ttm/core";
import { checkArray, checkBoolean, checkObject, checkOptions, optionNames, show } from "@ttm/core/arguments";
import type { Contents } from "./contents.ts";
import type { Engine } from "./engine.ts";

/** One use of a buffer by a job. */
export interface JobBuffer {
  /** A reserved buffer in device-visible memory. */
  readonly buffer: BufferObject;
  /** Whether the job writes it. */
  readonly write: boolean;
}

/**
 * Work for the device.
 *
 * @typeParam Seen The type by which a job accesses a buffer.
 */
export interface GpuJob<Seen = Contents> {
  /** The buffers that it uses. */
  readonly buffers: readonly JobBuffer[];
  /** Its duration, in simulated milliseconds. */
  readonly durationMs: number;
  /** Its effect on the contents, in the order of `buffers`, called at its end. */
  readonly program?: (contents: readonly Seen[]) => void;
}

const JOB = optionNames<GpuJob>({ buffers: true, durationMs: true, program: true });

/**
 * Queues a job on an engine after the moves and conflicting work of its buffers, and adds its fence to their
 * reservation objects. The job uses the present location of each buffer. If its program throws, its fence fails.
 *
 * @param reach Returns the job's access to a buffer; null if the device cannot see it.
 * @returns The fence that signals when the job has ended.
 * @throws {TtmError} `EINVAL` if a buffer is not reserved or the device cannot see it, the duration is out of range, or
 * a member is unknown or of the wrong type.
 */
export function submitJob<Seen = Contents>(
  engine: Pick<Engine, "submit">,
  job: GpuJob<Seen>,
  reach: (buffer: BufferObject) => Seen | null,
): Fence {
  checkOptions("submit job", job, JOB, "the job");
  checkArray("submit job", "buffers", job.buffers);
  for (const [at, use] of job.buffers.entries()) {
    checkObject("submit job", `buffers[${at}]`, use);
    checkBoolean("submit job", `buffers[${at}].write`, use.write);
  }
  if (typeof job.durationMs !== "number" || !(job.durationMs >= 0 && job.durationMs < Infinity)) {
    throw new TtmError(
      "EINVAL",
      `Cannot submit job: durationMs must be a finite number from 0, not ${show(job.durationMs)}`,
    );
  }
  const contents = job.buffers.map(({ buffer }) => (buffer.reserved ? reach(buffer) : null) ?? refuse(buffer));
  const after: Fence[] = [];
  for (const { buffer, write } of job.buffers) {
    after.push(...buffer.reservation.fences.allPending(write ? "bookkeep" : "write"));
  }
  const fence = engine.submit(after, job.durationMs, () => job.program?.(contents));
  for (const { buffer, write } of job.buffers) buffer.addFence(fence, write ? "write" : "read");
  return fence;
}

function refuse(buffer: BufferObject): never {
  const where = buffer.memoryType === null ? "has no place" : `is in ${buffer.memoryType}`;
  throw new TtmError("EINVAL", `Cannot submit job: ${buffer} ${buffer.reserved ? where : "is not reserved"}`);
}
