import { TraceEvents } from "./bo_trace_events.ts";
import { type Fields, parseFields, parseLine } from "./bo_trace_line.ts";
import { type Pieces, readBytes } from "./bytes.ts";
import { readLines } from "./lines.ts";
import { type Fail, show } from "./values.ts";
import { type Workload, WorkloadError } from "./workload.ts";

/**
 * Reads a workload from a bo-trace v1 file: JSON Lines, plain or gzip'd (detected by the first two bytes).
 *
 * Line 1 is the header: `format` ("bo-trace"), `version` (1), `name`, `time` ("us" or "seq") and optionally `stats`.
 * Every further line is an event: `{"t","op":"alloc","id","bytes","tag"?}`,
 * `{"t","op":"use","id","job"?,"w"?,"dur"?,"ctx"?}` or `{"t","op":"free","id"}`. Neighbouring uses with the same `job`
 * are one job; a use without `job` is a job of its own. All `t`, `dur` and `ctx` of one job must be equal, but lines
 * after its first may omit `dur` and `ctx`. Fields with other names are ignored.
 *
 * @param name The file's name in error messages.
 * @param bytes The contents of the file.
 * @throws {WorkloadError} For a file that
 * - is empty, is not UTF-8 text, or whose gzip data is cut short or corrupt: at the line where the readable data ends;
 * - has no header, or that of another format or version;
 * - holds a line that is not a JSON object or that {@linkcode parseLine} or {@linkcode TraceEvents.add} refuses;
 * - holds another number of events, allocs, frees, uses or jobs than the header's `stats` say, as after a cut at the
 *   end of a line: at the last line.
 */
export async function readBoTrace(name: string, bytes: Uint8Array | ReadableStream<Uint8Array>): Promise<Workload> {
  return await readBoTracePieces(name, readBytes(name, bytes));
}

/** {@linkcode readBoTrace} of contents that are decompressed already. */
export async function readBoTracePieces(name: string, pieces: Pieces): Promise<Workload> {
  const trace = new TraceEvents(name);
  let header: Header | undefined;
  let at = 1;
  const fail: Fail = (why) => new WorkloadError(name, { line: at }, why);
  for await (const line of readLines(name, pieces)) {
    at = line.at;
    const fields = parseFields(line.text, fail);
    if (header === undefined) header = readHeader(fields, fail);
    else trace.add(at, parseLine(fields, fail));
  }
  if (header === undefined) throw fail("Cannot replay an empty file");
  for (const [what, count] of Object.entries(trace.counts)) {
    const promised = header.stats[what];
    if (promised === undefined || promised === count) continue;
    throw fail(`The header promises ${show(promised)} ${what}, but the file holds ${count}: is it cut short?`);
  }
  return { name: header.name, time: header.time, events: trace.events };
}

interface Header {
  readonly name: string;
  readonly time: "us" | "seq";
  readonly stats: Fields;
}

function readHeader(fields: Fields, fail: Fail): Header {
  const { format, version, name, time, stats = {} } = fields;
  const must = (what: string, is: unknown) => fail(`Cannot read the bo-trace header: ${what}, but is ${show(is)}`);
  if (format !== "bo-trace") throw must('format must be "bo-trace"', format);
  if (version !== 1) throw must("version must be 1", version);
  if (typeof name !== "string") throw must("name must be a string", name);
  if (time !== "us" && time !== "seq") throw must('time must be "us" or "seq"', time);
  if (typeof stats !== "object" || stats === null) throw must("stats must be an object", stats);
  return { name, time, stats: { ...stats } };
}
