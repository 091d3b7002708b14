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
import { at } from "../at.ts";
import { CAME, type Failure, LOWEST_PRIORITY, NONE, type ReportedRecord, type Run, TOUCHES, WENT } from "../run.ts";
import { flowsOf } from "./flows.ts";
import { fragmentationOf } from "./fragmentation.ts";
import { Tables } from "./tables.ts";
import { Texts } from "./texts.ts";
import { usedOf } from "./used.ts";

/** Puts a record into columns, and counts what happened. Synchronous; reads the events once. */
export function reduce(record: ReportedRecord): Run {
  const reduction = new Reduction(record.header);
  for (const event of record.events) reduction.take(event);
  return reduction.finish(record);
}

const came = (how: typeof CAME[number]): number => CAME.indexOf(how);
const went = (how: typeof WENT[number]): number => WENT.indexOf(how);

class Reduction {
  readonly #header: RecordHeader;
  readonly #tables = new Tables();
  readonly #texts = new Texts();
  readonly #types: ReadonlyMap<string, number>;
  /** Rows of buffers by their numbers. */
  readonly #rows = new Map<number, number>();
  /** The open stay of each buffer by its row. */
  readonly #open: number[] = [];
  readonly #operations = new Map<number, OperationEvent>();
  readonly #operationRows = new Map<number, number>();
  readonly #failures: Failure[] = [];
  #start: number | undefined;
  #now = 0;
  #end = 0;
  #events = 0;
  #failedMoves = 0;
  #bytesMoved = 0;
  #swaps = { "swap-out": 0, "swap-in": 0 };
  readonly #waits: { readonly time: number; readonly end: number | null }[] = [];

  constructor(header: RecordHeader) {
    this.#header = header;
    this.#types = new Map(header.memoryTypes.map(({ name }, at) => [name, at]));
  }

  take(event: RecordEvent): void {
    this.#start ??= event.time;
    this.#now = event.time - this.#start;
    this.#end = Math.max(this.#end, this.#now);
    this.#events++;
    switch (event.kind) {
      case "create":
        this.#create(event.buffer, event);
        break;
      case "operation":
        this.#operations.set(event.operation, event);
        break;
      case "move":
        this.#move(event);
        break;
      case "failure":
        this.#fail(event);
        break;
      case "wait":
        this.#wait(event);
        break;
      case "use":
      case "pin":
      case "unpin":
        this.#touch(event.buffer, TOUCHES.indexOf(event.kind));
        break;
      case "priority":
        this.#touch(event.buffer, LOWEST_PRIORITY + event.to);
        break;
      case "swap-out":
      case "swap-in":
        this.#swaps[event.kind]++;
        break;
      case "free":
        this.#free(this.#row(event.buffer), event.place);
        break;
      case "destroy":
        this.#destroy(this.#row(event.buffer));
        break;
      case "purge":
        break;
    }
  }

  #touch(buffer: number, kind: number): void {
    this.#tables.touches.add({ time: this.#now, order: this.#events, buffer: this.#row(buffer), kind });
  }

  #create(id: number, told: Omit<CreateEvent, "kind" | "time" | "buffer">): number {
    const [label, tag, client] = [told.label, told.tag, told.client].map((text) => this.#texts.number(text));
    const row = this.#tables.buffers.add({
      ...{ id, label: label as number, tag: tag as number, client: client as number },
      ...{
        bytes: told.size,
        pages: told.pages,
        priority: told.priority ?? 0,
        created: this.#now,
        destroyed: Infinity,
        evictions: 0,
        moved: 0,
      },
    });
    this.#rows.set(id, row);
    this.#open[row] = NONE;
    return row;
  }

  /** The row of a buffer; one that was created before the record began has no size there. */
  #row(id: number | null): number {
    if (id === null) return NONE;
    return this.#rows.get(id) ?? this.#create(id, { label: "", tag: "", client: "", size: 0, pages: 0 });
  }

  #type(name: string): number {
    return this.#types.get(name) ?? NONE;
  }

  #operation(id: number): number {
    const known = this.#operationRows.get(id);
    const event = this.#operations.get(id);
    if (known !== undefined || event === undefined) return known ?? NONE;
    const { name, buffer, submission } = event;
    const row = this.#tables.operations.add({
      ...{ id, name: this.#texts.number(name), buffer: this.#row(buffer), submission: submission ?? NONE },
    });
    this.#operationRows.set(id, row);
    return row;
  }

  #move(event: MoveEvent): void {
    if (event.failure !== null) {
      this.#failedMoves += event.failure === "EMULTIHOP" ? 0 : 1;
      return;
    }
    const row = this.#row(event.buffer);
    const { pages, evictions, moved } = this.#tables.buffers.columns;
    const from = event.from === null ? NONE : this.#type(event.from.memoryType);
    const to = this.#type(event.to.memoryType);
    const bytes = event.dropped || from === NONE ? 0 : at(pages, row) * this.#header.pageSize;
    const end = (event.end ?? event.time) - (this.#start ?? 0);
    this.#end = Math.max(this.#end, end);
    this.#bytesMoved += bytes;
    moved[row] = at(moved, row) + bytes;
    this.#tables.moves.add({ time: this.#now, end, from, to, bytes });
    const operation = this.#operation(event.operation);
    const eviction = event.eviction === null ? NONE : this.#eviction(event, row, operation);
    if (eviction !== NONE) evictions[row] = at(evictions, row) + 1;
    this.#close(row, {
      ...{ went: went(eviction === NONE ? "moved" : "evicted"), wentTo: to, wentBy: operation, eviction },
    });
    const how = event.from === null ? "new" : eviction === NONE ? "moved" : "evicted";
    this.#openStay(row, to, event.to.start, { came: came(how), cameFrom: from, cameBy: operation });
  }

  #openStay(row: number, type: number, start: number, how: { came: number; cameFrom: number; cameBy: number }): void {
    const stay = this.#tables.stays.add({
      ...{ buffer: row, type, start, from: this.#now, until: Infinity, order: this.#events, ...how },
      ...{ went: went("stays"), wentTo: NONE, wentBy: NONE, eviction: NONE },
    });
    this.#open[row] = stay;
    this.#tables.changes.add({ time: this.#now, stay, sign: 1 });
  }

  #close(row: number, how: { went: number; wentTo: number; wentBy: number; eviction: number }): void {
    const stay = this.#open[row] ?? NONE;
    if (stay === NONE) return;
    const { until, ...stays } = this.#tables.stays.columns;
    until[stay] = this.#now;
    stays.went[stay] = how.went;
    stays.wentTo[stay] = how.wentTo;
    stays.wentBy[stay] = how.wentBy;
    stays.eviction[stay] = how.eviction;
    this.#open[row] = NONE;
    this.#tables.changes.add({ time: this.#now, stay, sign: -1 });
  }

  #eviction({ eviction: cause, from, to }: MoveEvent, buffer: number, operation: number): number {
    if (cause === null) return NONE;
    for (const { buffer, reason } of cause.passedOver) {
      this.#tables.passedOver.add({ passed: this.#row(buffer), reason: this.#texts.number(reason) });
    }
    return this.#tables.evictions.add({
      ...{ time: this.#now, buffer, from: this.#type(from?.memoryType ?? ""), to: this.#type(to.memoryType) },
      ...{
        forBuffer: this.#row(cause.forBuffer),
        pages: cause.pages,
        place: this.#type(cause.place?.memoryType ?? ""),
      },
      ...{ fpfn: cause.place?.fpfn ?? 0, lpfn: cause.place?.lpfn ?? 0, position: cause.position, operation },
      passedEnd: this.#tables.passedOver.length,
    });
  }

  #fail({ buffer, operation, code, message }: FailureEvent): void {
    const [row, by] = [this.#row(buffer), this.#operation(operation)];
    this.#failures.push({ time: this.#now, buffer: row, operation: by, code, message });
  }

  #wait({ time, end }: WaitEvent): void {
    this.#waits.push({ time, end });
    if (end !== null) this.#end = Math.max(this.#end, end - (this.#start ?? 0));
  }

  /** A place became free: that of the buffer, or one that it had left before. */
  #free(row: number, place: RecordedPlace | undefined): void {
    const { type, start } = this.#tables.stays.columns;
    const stay = this.#open[row] ?? NONE;
    const other = place !== undefined && (this.#type(place.memoryType) !== type[stay] || place.start !== start[stay]);
    if (!other) this.#close(row, { went: went("freed"), wentTo: NONE, wentBy: NONE, eviction: NONE });
  }

  #destroy(row: number): void {
    this.#close(row, { went: went("destroyed"), wentTo: NONE, wentBy: NONE, eviction: NONE });
    const { destroyed } = this.#tables.buffers.columns;
    destroyed[row] = this.#now;
  }

  finish({ time = "ms", notes = [] }: ReportedRecord): Run {
    const { name, driver, policy, pageSize, memoryTypes, lost } = { ...this.#header, name: this.#header.run };
    const duration = this.#end;
    const [buffers, stays] = [this.#tables.buffers.finish(), this.#tables.stays.finish()];
    for (const [stay, until] of stays.until.entries()) if (until === Infinity) stays.until[stay] = duration;
    const [changes, moves] = [this.#tables.changes.finish(), this.#tables.moves.finish()];
    const sizes = { buffers, stays, changes, types: memoryTypes, duration };
    const ends = this.#waits.map(({ time, end }) => (end ?? duration + (this.#start ?? 0)) - time);
    return {
      ...{ name, driver, policy, pageSize, time, start: this.#start ?? 0, duration },
      notes: lost === 0 ? notes : [...notes, `${lost} events before the first one here are lost.`],
      types: memoryTypes,
      texts: this.#texts.all,
      totals: {
        ...{ events: this.#events, buffers: buffers.id.length, stays: stays.from.length },
        ...{ evictions: this.#tables.evictions.length, failures: this.#failures.length },
        ...{ failedMoves: this.#failedMoves, bytesMoved: this.#bytesMoved },
        ...{ waits: ends.length, waited: ends.reduce((sum, length) => sum + length, 0) },
        ...{ swappedOut: this.#swaps["swap-out"], swappedIn: this.#swaps["swap-in"] },
      },
      buffers,
      stays,
      evictions: { ...this.#tables.evictions.finish(), ...this.#tables.passedOver.finish() },
      operations: this.#tables.operations.finish(),
      touches: this.#tables.touches.finish(),
      failures: this.#failures,
      used: usedOf(sizes),
      fragmentation: fragmentationOf(sizes),
      flows: flowsOf(moves, duration, memoryTypes.length),
    };
  }
}
