import { at } from "../at.ts";
import type { Flow } from "../run.ts";
import type { MoveColumns } from "./tables.ts";

/** How many parts of equal length the time of flows has. */
export const FLOW_BINS = 4096;

/** Bytes and moves by pair of memory types over time. The bytes of a copy that takes time are spread over it. */
export function flowsOf(moves: MoveColumns, duration: number, types: number): Flow[] {
  const flows = new Map<number, Flow>();
  const width = duration / FLOW_BINS;
  const binOf = (time: number) => width === 0 ? 0 : Math.min(FLOW_BINS - 1, Math.floor(time / width));
  for (let move = 0; move < moves.time.length; move++) {
    const [from, to] = [at(moves.from, move), at(moves.to, move)];
    const key = (from + 1) * (types + 1) + to;
    let flow = flows.get(key);
    if (flow === undefined) {
      flow = { from, to, moves: new Float64Array(FLOW_BINS), bytes: new Float64Array(FLOW_BINS) };
      flows.set(key, flow);
    }
    const [time, end, bytes] = [at(moves.time, move), at(moves.end, move), at(moves.bytes, move)];
    const [first, last] = [binOf(time), binOf(end)];
    flow.moves[first] = at(flow.moves, first) + 1;
    for (let bin = first; bin <= last; bin++) {
      const part = first === last ? 1 : (Math.min(end, (bin + 1) * width) - Math.max(time, bin * width)) / (end - time);
      flow.bytes[bin] = at(flow.bytes, bin) + bytes * part;
    }
  }
  return [...flows.entries()].sort(([a], [b]) => a - b).map(([, flow]) => flow);
}
