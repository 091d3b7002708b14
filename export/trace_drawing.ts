import type {
  CreateEvent,
  FailureEvent,
  MoveEvent,
  OperationEvent,
  RecordedPlace,
  RecordEvent,
  RecordHeader,
  WaitEvent,
} from "@ttm/explain";
import { Occupancy, STORES } from "./occupancy.ts";
import { operationEnds } from "./operation_ends.ts";
import { microseconds, nanoseconds, PID, type TraceEvent } from "./trace_event.ts";
import { Tracks } from "./tracks.ts";

/** An operation as it was drawn: its track, and its ends in nanoseconds. */
interface DrawnOperation {
  readonly id: number;
  readonly begin: number;
  readonly end: number;
}

/** PyTorch's number for memory of a GPU in `[memory]` events. */
const GPU = 1;

/** Turns the events of a record into those of a trace, one after another. */
export class TraceDrawing {
  readonly #header: RecordHeader;
  readonly #last: number;
  readonly #ends: ReadonlyMap<number, number>;
  readonly #tracks = new Tracks();
  readonly #occupancy = new Occupancy();
  readonly #operations = new Map<number, DrawnOperation>();
  /** The counters that have changed at the time at hand. */
  readonly #changed = new Set<string>();
  #now: number;
  #waits = 0;
  #flows = 0;
  #allocated = 0;

  /** `events` are all that will be drawn. */
  constructor(header: RecordHeader, events: readonly RecordEvent[]) {
    this.#header = header;
    this.#now = events[0]?.time ?? 0;
    this.#last = events.at(-1)?.time ?? 0;
    this.#ends = operationEnds(events, this.#last);
  }

  /** What comes first: the name of the run, and counters that begin at 0. */
  *begin(): Generator<TraceEvent, void> {
    yield { ph: "M", name: "process_name", pid: PID, tid: 0, args: { name: this.#header.run } };
    for (const { name } of this.#header.memoryTypes) this.#changed.add(name);
    yield* this.#counters();
  }

  /** What an event of the record becomes. */
  *draw(event: RecordEvent): Generator<TraceEvent, void> {
    if (event.time > this.#now) yield* this.#counters();
    this.#now = event.time;
    const drawn = [...this.#drawn(event)];
    for (const type of this.#occupancy.apply(event)) this.#changed.add(type);
    yield* this.#tracks.takeNames();
    yield* drawn;
  }

  /** What comes last: the counters. */
  end(): Generator<TraceEvent, void> {
    return this.#counters();
  }

  *#counters(): Generator<TraceEvent, void> {
    for (const type of this.#changed) {
      const bytes = this.#occupancy.pages(type) * this.#header.pageSize;
      const name = type === STORES ? "swapped out" : `memory ${type}`;
      yield { ph: "C", name, pid: PID, tid: 0, ts: microseconds(nanoseconds(this.#now)), args: { bytes } };
    }
    this.#changed.clear();
  }

  *#drawn(event: RecordEvent): Generator<TraceEvent, void> {
    switch (event.kind) {
      case "create":
        return yield this.#memory(event, event, 1);
      case "destroy": {
        const created = this.#occupancy.creation(event.buffer);
        if (created !== undefined) yield this.#memory(event, created, -1);
        return;
      }
      case "operation":
        return yield this.#operation(event);
      case "move":
        return yield* this.#move(event);
      case "wait":
        return yield* this.#wait(event);
      case "failure":
        return yield this.#failure(event);
      case "purge":
      case "swap-out":
      case "swap-in":
        return yield this.#instant("buffers", event.time, `${event.kind} ${this.#title(event.buffer)}`, {
          buffer: event.buffer,
        });
    }
  }

  /** In the form of PyTorch's profiler, which its tools and `@ttm/import` know. */
  #memory({ time }: RecordEvent, { buffer, size, label, tag, client }: CreateEvent, sign: 1 | -1): TraceEvent {
    this.#allocated += sign * size;
    const memory = { "Device Type": GPU, "Device Id": 0, "Addr": buffer, "Bytes": sign * size };
    return this.#instant("buffers", time, "[memory]", {
      ...memory,
      "Total Allocated": this.#allocated,
      ...Object.fromEntries(Object.entries({ label, tag, client }).filter(([, text]) => text !== "")),
    });
  }

  #operation({ time, operation, name, buffer, submission }: OperationEvent): TraceEvent {
    const end = this.#ends.get(operation) ?? time;
    const slice = this.#tracks.lay("operations", "operations", nanoseconds(time), nanoseconds(end), "place");
    this.#operations.set(operation, slice);
    const title = buffer === null ? name : `${name} ${this.#title(buffer)}`;
    return this.#slice(title, "operation", slice, { operation, buffer, submission });
  }

  *#move(event: MoveEvent): Generator<TraceEvent, void> {
    const { time, buffer, from, to, failure, operation, dropped, eviction } = event;
    // A hop through another memory type comes as two moves of its own.
    if (failure === "EMULTIHOP") return;
    const title = this.#title(buffer);
    if (failure !== null) {
      const what = `${failure} move of ${title} to ${to.memoryType}`;
      return yield this.#instant("failures", time, what, { buffer, from: show(from), to: show(to), operation });
    }
    const track = `${from?.memoryType ?? "new"} → ${to.memoryType}`;
    const end = event.end ?? this.#last;
    const needed = eviction === null ? undefined : this.#operations.get(operation);
    // Of several operations at one time, all but the first are drawn a little later.
    const begin = Math.max(nanoseconds(time), needed?.begin ?? 0);
    const slice = this.#tracks.lay("moves", track, begin, nanoseconds(end), "queue");
    const pages = this.#occupancy.creation(buffer)?.pages;
    yield this.#slice(title, eviction === null ? "move" : "eviction", slice, {
      ...{ buffer, bytes: pages === undefined ? null : pages * this.#header.pageSize },
      ...{ from: show(from), to: show(to), dropped, operation, queued: microseconds(nanoseconds(time)) },
      ...(event.end === null ? { unfinished: true } : {}),
      ...(eviction === null ? {} : { eviction }),
    });
    if (needed !== undefined) yield* this.#arrow(nanoseconds(time), needed, slice);
  }

  /** From within the slice of an operation to the beginning of a move. */
  *#arrow(at: number, from: DrawnOperation, to: DrawnOperation): Generator<TraceEvent, void> {
    const inside = Math.max(from.begin, Math.min(at, from.end - 1));
    const [name, cat, id] = ["eviction", "eviction", ++this.#flows];
    yield { ph: "s", name, cat, id, pid: PID, tid: from.id, ts: microseconds(inside) };
    yield { ph: "f", bp: "e", name, cat, id, pid: PID, tid: to.id, ts: microseconds(to.begin) };
  }

  *#wait({ time, end, what, buffer, operation }: WaitEvent): Generator<TraceEvent, void> {
    const [cat, id, pid, tid] = ["wait", ++this.#waits, PID, 0];
    const name = `wait for ${what}`;
    const args = { operation, buffer, ...(end === null ? { unfinished: true } : {}) };
    yield { ph: "b", name, cat, id, pid, tid, ts: microseconds(nanoseconds(time)), args };
    yield { ph: "e", name, cat, id, pid, tid, ts: microseconds(nanoseconds(end ?? this.#last)) };
  }

  #failure({ time, code, message, operation, buffer }: FailureEvent): TraceEvent {
    return this.#instant("failures", time, code, { message, operation, buffer });
  }

  #instant(group: "failures" | "buffers", time: number, name: string, args: object): TraceEvent {
    const tid = this.#tracks.id(group, group);
    return { ph: "i", name, cat: group, s: "t", pid: PID, tid, ts: microseconds(nanoseconds(time)), args };
  }

  #slice(name: string, cat: string, { id, begin, end }: DrawnOperation, args: object): TraceEvent {
    const dur = microseconds(end - begin);
    return { ph: "X", name, cat, pid: PID, tid: id, ts: microseconds(begin), dur, args };
  }

  #title(buffer: number): string {
    const label = this.#occupancy.creation(buffer)?.label ?? "";
    return label === "" ? `buffer ${buffer}` : `buffer ${buffer} "${label}"`;
  }
}

function show(place: RecordedPlace | null): string | null {
  return place && `${place.memoryType} ${place.start}`;
}
