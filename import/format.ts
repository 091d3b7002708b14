import { isNoEvent, parseFtraceLine } from "./ftrace_line.ts";
import { RDF_MAGIC } from "./rdf.ts";
import { RMM_HEADER } from "./rmm_log.ts";
import { show } from "./values.ts";
import { WorkloadError } from "./workload.ts";

/** The formats that can be read. */
export type Format =
  | "PyTorch snapshot"
  | "gem_wsim workload"
  | "RMM log"
  | "ftrace text"
  | "Chrome trace"
  | "Radeon Memory Visualizer"
  | "bo-trace";

/** How many bytes of the contents say which format they are of. */
export const SNIFFED_BYTES = 16_384;

const PICKLE_PROTO = 0x80;
const RDF_MAGIC_BYTES = new TextEncoder().encode(RDF_MAGIC);
const CHROME_KEY = /"(traceEvents|schemaVersion|displayTimeUnit|deviceProperties|distributedInfo)"/;
const WSIM = /^\s*(#|[wW]\.\d|\d+\.[A-Z]+\d?\.[\d*]|[dpstqaT]\.-?\d|[PSXBMb]\.\d|f(,|\s*$))/;

/**
 * Recognises a format from the beginning of the contents.
 *
 * @throws {WorkloadError} For contents that are empty or of no known format.
 */
export function recognize(file: string, head: Uint8Array): Format {
  if (head.length === 0) throw new WorkloadError(file, { line: 1 }, "Cannot replay an empty file");
  if (head[0] === PICKLE_PROTO) return "PyTorch snapshot";
  if (RDF_MAGIC_BYTES.every((byte, at) => head[at] === byte)) return "Radeon Memory Visualizer";
  const text = new TextDecoder().decode(head);
  const first = text.trimStart().charAt(0);
  if (first === "[" || (first === "{" && CHROME_KEY.test(text))) return "Chrome trace";
  if (first === "{") return "bo-trace";
  const lines = text.split(/\r?\n/);
  if (lines[0] === RMM_HEADER) return "RMM log";
  const line = lines.find((line) => !isNoEvent(line)) ?? "";
  if (/^# tracer:/.test(text) || parseFtraceLine(line) !== undefined) return "ftrace text";
  if (WSIM.test(line)) return "gem_wsim workload";
  throw new WorkloadError(
    file,
    { line: 1 },
    `Cannot tell the format of what begins with ${show(text.split("\n", 1)[0])}`,
  );
}
