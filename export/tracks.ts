import { Lanes, type Slice } from "./lanes.ts";
import { PID, type TraceEvent } from "./trace_event.ts";

/** Groups of tracks, from the top down. */
const GROUPS = ["operations", "failures", "buffers", "moves"] as const;
/** More than there are tracks in a group. */
const GROUP_SIZE = 1_000_000;

/** One of {@linkcode GROUPS}. */
export type Group = typeof GROUPS[number];

/** The tracks of a trace, which the format calls threads; each is named when it is first used. */
export class Tracks {
  readonly #ids = new Map<string, number>();
  readonly #lanes = new Map<string, Lanes>();
  #named: TraceEvent[] = [];

  /** The number of a track. */
  id(group: Group, name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.#ids.size + 1;
      this.#ids.set(name, id);
      const order = GROUPS.indexOf(group) * GROUP_SIZE + id;
      this.#named.push(
        { ph: "M", name: "thread_name", pid: PID, tid: id, args: { name } },
        { ph: "M", name: "thread_sort_index", pid: PID, tid: id, args: { sort_index: order } },
      );
    }
    return id;
  }

  /** Lays a slice on a track, or on further ones of its kind where it would overlap; times in nanoseconds. */
  lay(group: Group, name: string, begin: number, end: number, how: "place" | "queue"): Slice & { readonly id: number } {
    let lanes = this.#lanes.get(name);
    if (lanes === undefined) this.#lanes.set(name, lanes = new Lanes());
    const slice = lanes[how](begin, end);
    return { ...slice, id: this.id(group, slice.lane === 0 ? name : `${name} (${slice.lane + 1})`) };
  }

  /** The events that name the tracks which are new since the last call. */
  takeNames(): readonly TraceEvent[] {
    const named = this.#named;
    if (named.length > 0) this.#named = [];
    return named;
  }
}
