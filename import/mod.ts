/**
 * Reads recordings of GPU memory as workloads of buffers, whatever wrote them: the format is recognised from the
 * contents. It opens no file and needs no runtime: sources are bytes or streams of bytes.
 *
 * @module
 */
export { readBoTrace } from "./bo_trace.ts";
export { boTraceLines } from "./bo_trace_write.ts";
export type { Source } from "./bytes.ts";
export type { Format } from "./format.ts";
export { type ImportOptions, importRecording, type Recording } from "./import.ts";
export {
  type AllocEvent,
  type BufferUse,
  type FreeEvent,
  hasJobs,
  type JobEvent,
  peakBytes,
  type Position,
  type Workload,
  WorkloadError,
  type WorkloadEvent,
} from "./workload.ts";
export type { ZstdDecoder } from "./zstd.ts";
