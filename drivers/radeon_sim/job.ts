import type { BufferObject } from "@ttm/core";
import type { Contents } from "./contents.ts";

/** One use of a buffer by a job. */
export interface JobBuffer {
  /** A reserved buffer in VRAM or GTT. */
  readonly buffer: BufferObject;
  /** Whether the job writes it. */
  readonly write: boolean;
}

/** Work for the GPU. */
export interface GpuJob {
  /** The buffers that it uses. */
  readonly buffers: readonly JobBuffer[];
  /** How long it runs, in simulated milliseconds. */
  readonly durationMs: number;
  /** What it does to the contents, in the order of `buffers`, at the moment when it ends. */
  readonly program?: (contents: readonly Contents[]) => void;
}
