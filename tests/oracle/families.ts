import { BuddyReplayer } from "./buddy_replay.ts";
import { MachineReplayer } from "./machine_replay.ts";
import { MmReplayer } from "./mm_replay.ts";
import { TicketReplayer } from "./ticket_replay.ts";
import { headerOf, type ReplayResult, replayTrace, TraceError } from "./trace.ts";
import { TtmReplayer } from "./ttm_replay.ts";

/** The families of traces that can be replayed, by the `kind` of their header. */
const families: Readonly<Record<string, (lines: readonly string[], header: never) => Promise<ReplayResult>>> = {
  buddy: (lines, header) => replayTrace(lines, new BuddyReplayer(header)),
  mm: (lines, header) => replayTrace(lines, new MmReplayer(header)),
  ttm: (lines, header) => replayTrace(lines, new TtmReplayer(header)),
  ttmb: (lines, header) => replayTrace(lines, new MachineReplayer(header)),
  ttmf: (lines, header) => replayTrace(lines, new MachineReplayer(header)),
  ttmr: (lines, header) => replayTrace(lines, new MachineReplayer(header)),
  ttms: (lines, header) => replayTrace(lines, new MachineReplayer(header)),
  ttmt: (lines, header) => replayTrace(lines, new TicketReplayer(header)),
};

/**
 * Replays a trace of any family.
 *
 * @throws {TraceError} If it is no trace, or of a family that is not supported.
 */
export function replayLines(lines: readonly string[]): Promise<ReplayResult> {
  const header = headerOf(lines);
  const family = Object.hasOwn(families, header.kind) ? families[header.kind] : undefined;
  if (family !== undefined) return family(lines, header as never);
  throw new TraceError(`traces of kind "${header.kind}" are not supported, only ${Object.keys(families).join(", ")}`);
}

/** The lines of a gzip'd trace. */
export async function unzipLines(data: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).text()).split("\n");
}
