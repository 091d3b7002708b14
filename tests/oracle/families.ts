import { BuddyReplayer } from "./buddy_replay.ts";
import { complete } from "./fields.ts";
import { MachineReplayer } from "./machine_replay.ts";
import { MmReplayer } from "./mm_replay.ts";
import {
  buddyShape,
  cachingShape,
  machineShape,
  mmShape,
  operationCheck,
  type Shape,
  ticketShape,
  waiterShape,
} from "./shapes.ts";
import { TicketReplayer } from "./ticket_replay.ts";
import { WaiterReplayer } from "./waiter_replay.ts";
import { headerOf, type Replayer, type ReplayResult, replayTrace, TraceError } from "./trace.ts";

interface Family {
  readonly shape: Shape;
  readonly replayer: new (header: never) => Replayer<never>;
}

const machine: Family = { shape: machineShape, replayer: MachineReplayer };

/** The families of traces that can be replayed, by the `kind` of their header. */
const families: Readonly<Record<string, Family>> = {
  buddy: { shape: buddyShape, replayer: BuddyReplayer },
  mm: { shape: mmShape, replayer: MmReplayer },
  ttm: machine,
  ttmb: machine,
  ttmc: { shape: cachingShape, replayer: MachineReplayer },
  ttmf: machine,
  ttmr: machine,
  ttms: machine,
  ttmt: { shape: ticketShape, replayer: TicketReplayer },
  ttmw: { shape: waiterShape, replayer: WaiterReplayer },
  ttmx: machine,
};

/**
 * Replays a trace of any family.
 *
 * @throws {TraceError} If it is not a trace, or of a family that is not supported.
 */
export function replayLines(lines: readonly string[]): Promise<ReplayResult> {
  const written = headerOf(lines);
  const { kind } = written;
  const family = Object.hasOwn(families, kind) ? families[kind] : undefined;
  if (family === undefined) {
    throw new TraceError(`There are no traces of kind "${kind}", only ${Object.keys(families).join(", ")}`, 1);
  }
  const header = complete(written, family.shape.header, "The header", 1);
  const check = operationCheck(family.shape, header);
  return replayTrace(lines, replayerFor(family, header), check as (line: unknown, number: number) => never);
}

/** A header may have values that only the parts themselves can check. */
function replayerFor({ replayer: Replayer }: Family, header: unknown): Replayer<never> {
  try {
    return new Replayer(header as never);
  } catch (error) {
    throw new TraceError(`The header cannot be followed: ${(error as Error).message}`, 1);
  }
}

/** The lines of a gzip'd trace. */
export async function unzipLines(data: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).text()).split("\n");
}
