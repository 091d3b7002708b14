import {
  type AcquireTicket,
  type BufferView,
  type EvictionCause,
  type MoveEvent,
  PAGE_SIZE,
  type PassedOverReason,
  type TracedDevice,
  type TracedOperation,
  type Tracer,
  TtmError,
  type WaitEvent,
} from "@ttm/core";
import { EventRing } from "./event_ring.ts";
import { KnownBuffers } from "./known_buffers.ts";
import {
  CREATE,
  EVICTION_SLOTS,
  FAILURE,
  kindOfBufferEvent,
  MOVE,
  MOVE_END,
  MOVE_SLOTS,
  Names,
  OPERATION,
  REASONS,
  SOME_REASONS,
  unpack,
  WAIT,
  WAIT_END,
  WAITED_FOR,
} from "./packed_events.ts";
import { putText, shortened, textSlots } from "./packed_text.ts";
import type { DeviceRecord, RecordEvent, RecordHeader } from "./record.ts";
import type { RecorderOptions } from "./recorder_options.ts";
import { Timeline } from "./timeline.ts";

const USE = kindOfBufferEvent("use");
const PIN = kindOfBufferEvent("pin");
const UNPIN = kindOfBufferEvent("unpin");
const PURGE = kindOfBufferEvent("purge");
const SWAP_OUT = kindOfBufferEvent("swap-out");
const SWAP_IN = kindOfBufferEvent("swap-in");
const FREE = kindOfBufferEvent("free");
const DESTROY = kindOfBufferEvent("destroy");
const REASON_NUMBERS: ReadonlyMap<PassedOverReason, number> = new Map(REASONS.map((reason, at) => [reason, at]));

/** The tracer of a recorder. */
export class Recording implements Tracer {
  #options: RecorderOptions;
  #device: TracedDevice | null = null;
  #time: Timeline | null = null;
  #names = new Names();
  #buffers = new KnownBuffers();
  #ring: EventRing;
  #operations = 0;
  /** The operation that began last, and its number; the numbers of the others. */
  #lastOperation: TracedOperation | null = null;
  #lastNumber = 0;
  #numbers: WeakMap<TracedOperation, number> = new WeakMap();
  #submissions = 0;
  #tickets: WeakMap<AcquireTicket, number> = new WeakMap();
  /** The addresses of the waits that have not ended. */
  #waits: WeakMap<TracedOperation, number> = new WeakMap();

  constructor(options: RecorderOptions, events: number) {
    this.#options = options;
    this.#ring = new EventRing(events, (buffer) => this.#buffers.forget(buffer));
  }

  attach(device: TracedDevice): void {
    if (this.#device !== null) throw new TtmError("EINVAL", "Cannot record: the recorder has a device already");
    this.#device = device;
    this.#time = new Timeline(device.clock);
    for (const { name } of device.memoryTypes) this.#names.numberOf(name);
  }

  create(buffer: BufferView): void {
    const { tagOf, clientOf } = this.#options;
    const { id, label = "", bytes: size, pages } = buffer;
    const time = this.#now();
    const [tag, client] = [tagOf?.(buffer) ?? "", clientOf?.(buffer) ?? ""];
    this.#buffers.add(buffer, { kind: "create", time, buffer: id, label, tag, client, size, pages });
    this.#note(CREATE, id, time);
  }

  handle({ id }: BufferView, { name }: { readonly name: string }): void {
    this.#buffers.own(id, name);
  }

  operation(operation: TracedOperation): void {
    const last = this.#lastOperation;
    if (last !== operation) {
      if (last !== null) this.#numbers.set(last, this.#lastNumber);
      this.#lastOperation = operation;
    }
    this.#lastNumber = ++this.#operations;
    const at = this.#ring.append(OPERATION, 6, this.#now());
    const { slots } = this.#ring;
    slots[at + 2] = this.#lastNumber;
    slots[at + 3] = this.#names.numberOf(operation.name);
    slots[at + 4] = operation.forBuffer?.id ?? -1;
    slots[at + 5] = this.#submissionOf(operation);
  }

  failure(operation: TracedOperation, error: TtmError): void {
    const message = shortened(error.message + keepers(error));
    const at = this.#ring.append(FAILURE, 5 + textSlots(message), this.#now());
    const { slots } = this.#ring;
    slots[at + 2] = this.#numberOf(operation);
    slots[at + 3] = this.#buffers.numberOf(operation.forBuffer);
    slots[at + 4] = this.#names.numberOf(error.code);
    putText(slots, at + 5, message);
  }

  move(event: MoveEvent): void {
    const { buffer, from, to, failure, fence, eviction } = event;
    const length = eviction === null ? MOVE_SLOTS : EVICTION_SLOTS + eviction.passedOver.length;
    const time = this.#now();
    const at = this.#ring.append(MOVE, length, time);
    const { slots } = this.#ring;
    slots[at + 2] = buffer.id;
    slots[at + 3] = from === null ? -1 : this.#names.numberOf(from.memoryType);
    slots[at + 4] = from === null ? 0 : from.start;
    slots[at + 5] = this.#names.numberOf(to.memoryType);
    slots[at + 6] = to.start;
    slots[at + MOVE_END] = time;
    slots[at + 8] = failure === null ? -1 : this.#names.numberOf(failure);
    const operation = this.#numberOf(event.operation);
    slots[at + 9] = operation;
    slots[at + 10] = event.dropped ? 1 : 0;
    if (eviction !== null) this.#putEviction(slots, at, eviction, operation > 0);
    if (fence === null || fence.signalled) return;
    slots[at + MOVE_END] = NaN;
    const address = this.#ring.lastAddress;
    fence.observe(() => this.#ring.set(address, MOVE_END, this.#now()));
  }

  waitBegin({ operation, what, buffer }: WaitEvent): void {
    const at = this.#ring.append(WAIT, 6, this.#now());
    const { slots } = this.#ring;
    slots[at + 2] = this.#numberOf(operation);
    slots[at + 3] = WAITED_FOR.indexOf(what);
    slots[at + 4] = this.#buffers.numberOf(buffer);
    slots[at + WAIT_END] = NaN;
    this.#waits.set(operation, this.#ring.lastAddress);
  }

  waitEnd(operation: TracedOperation): void {
    const address = this.#waits.get(operation);
    if (address !== undefined) this.#ring.set(address, WAIT_END, this.#now());
  }

  use({ id }: BufferView): void {
    this.#note(USE, id);
  }

  pin({ id }: BufferView): void {
    this.#note(PIN, id);
  }

  unpin({ id }: BufferView): void {
    this.#note(UNPIN, id);
  }

  purge({ id }: BufferView, operation: TracedOperation): void {
    this.#noteCaused(PURGE, id, operation);
  }

  swapOut({ id }: BufferView, operation: TracedOperation): void {
    this.#noteCaused(SWAP_OUT, id, operation);
  }

  swapIn({ id }: BufferView, operation: TracedOperation): void {
    this.#noteCaused(SWAP_IN, id, operation);
  }

  free({ id, memoryType, start }: BufferView): void {
    const at = this.#ring.append(FREE, 5, this.#now());
    const { slots } = this.#ring;
    slots[at + 2] = id;
    slots[at + 3] = this.#names.numberOf(memoryType ?? "");
    slots[at + 4] = start ?? 0;
  }

  destroy({ id, isGhost }: BufferView): void {
    if (isGhost) return;
    this.#note(DESTROY, id);
    this.#ring.end(id);
    this.#buffers.destroy(id);
  }

  record(): DeviceRecord {
    const device = this.#device;
    if (device === null) {
      throw new TtmError("EINVAL", "Cannot record: no device was created with the recorder's tracer");
    }
    const { slots, lost } = this.#ring.copy();
    const header: RecordHeader = {
      format: "ttm-record",
      version: 1,
      run: this.#options.run ?? `${device.driver}, ${device.policy}`,
      pageSize: PAGE_SIZE,
      driver: device.driver,
      policy: device.policy,
      memoryTypes: device.memoryTypes.map(({ name, pages, manager }, at) => {
        return { name, pages: at === 0 ? null : pages, manager };
      }),
      lost,
    };
    const creations = this.#buffers.creations();
    const kept: Iterable<RecordEvent> = {
      [Symbol.iterator]: () => unpack(slots, this.#names, (buffer) => creations.get(buffer) as RecordEvent),
    };
    const before = lost === 0 ? [] : this.#buffers.before(kept);
    const events: Iterable<RecordEvent> = {
      *[Symbol.iterator]() {
        yield* before;
        yield* kept;
      },
    };
    return { header, events };
  }

  get #timeline(): Timeline {
    return this.#time as Timeline;
  }

  #now(): number {
    return this.#timeline.now();
  }

  #note(kind: number, buffer: number, time: number = this.#now()): void {
    const at = this.#ring.append(kind, 3, time);
    this.#ring.slots[at + 2] = buffer;
  }

  #noteCaused(kind: number, buffer: number, operation: TracedOperation): void {
    const at = this.#ring.append(kind, 4, this.#now());
    this.#ring.slots[at + 2] = buffer;
    this.#ring.slots[at + 3] = this.#numberOf(operation);
  }

  #putEviction(
    slots: Float64Array,
    at: number,
    { forBuffer, pages, place, position, passedOver }: EvictionCause,
    isOwn: boolean,
  ): void {
    // Only an operation of another device has a buffer of another device.
    slots[at + 11] = isOwn && forBuffer !== null ? forBuffer.id : this.#buffers.numberOf(forBuffer);
    slots[at + 12] = pages;
    slots[at + 13] = place === null ? -1 : this.#names.numberOf(place.memoryType);
    slots[at + 14] = place?.fpfn ?? 0;
    slots[at + 15] = place?.lpfn ?? 0;
    slots[at + 16] = position;
    slots[at + 17] = passedOver.length;
    for (let of = 0; of < passedOver.length; of++) {
      const one = passedOver[of];
      if (one === undefined) break;
      slots[at + EVICTION_SLOTS + of] = one.buffer.id * SOME_REASONS + (REASON_NUMBERS.get(one.reason) ?? 0);
    }
  }

  /** The number of an operation; 0 for background work, and for an operation of another device. */
  #numberOf(operation: TracedOperation): number {
    return operation === this.#lastOperation ? this.#lastNumber : this.#numbers.get(operation) ?? 0;
  }

  #submissionOf(operation: TracedOperation): number {
    const { submissionOf } = this.#options;
    if (submissionOf !== undefined) return submissionOf(operation) ?? -1;
    const { ticket } = operation;
    if (ticket === null) return -1;
    const known = this.#tickets.get(ticket);
    if (known !== undefined) return known;
    this.#tickets.set(ticket, ++this.#submissions);
    return this.#submissions;
  }
}

/** How many buffers a message names that keep room. */
const NAMED = 5;

/** The buffers that keep the room that is missing, for a message. */
function keepers({ report }: TtmError): string {
  if (report === undefined || report.kept.length === 0) return "";
  const named = report.kept.slice(0, NAMED).map(({ buffer, pages, reason }) => `${buffer} (${pages} pages, ${reason})`);
  const more = report.kept.length - named.length;
  return `; kept: ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
