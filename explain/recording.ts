import {
  type AcquireTicket,
  type BufferView,
  type EvictionCause,
  type Fence,
  type MoveEvent,
  PAGE_SIZE,
  type PassedOver,
  type TracedDevice,
  type TracedOperation,
  type Tracer,
  TtmError,
  type WaitEvent,
} from "@ttm/core";
import { EventRing } from "./event_ring.ts";
import { KnownBuffers } from "./known_buffers.ts";
import {
  CAUSE_SLOTS,
  CREATE,
  FAILURE,
  kindOfBufferEvent,
  MOVE,
  MOVE_END,
  MOVE_SLOTS,
  Names,
  OPERATION,
  packCause,
  packMove,
  PRIORITY,
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

/** The tracer of a recorder. */
export class Recording implements Tracer {
  #options: RecorderOptions;
  #device: TracedDevice | null = null;
  #time = new Timeline();
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
    this.#ring = new EventRing(events, this.#time, (buffer) => this.#buffers.forget(buffer));
  }

  attach(device: TracedDevice): void {
    if (this.#device !== null) throw new TtmError("EINVAL", "Cannot record: the recorder has a device already");
    this.#device = device;
    this.#time.follow(device.clock);
    for (const { name } of device.memoryTypes) this.#names.numberOf(name);
  }

  create(buffer: BufferView): void {
    const { tagOf, clientOf } = this.#options;
    const { id, label = "", bytes: size, pages, priority } = buffer;
    const time = this.#ring.now();
    const [tag, client] = [tagOf?.(buffer) ?? "", clientOf?.(buffer) ?? ""];
    this.#buffers.add(buffer, { kind: "create", time, buffer: id, label, tag, client, size, pages, priority });
    this.#ring.append(CREATE, 1, id);
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
    const submission = this.#submissionOf(operation);
    const { forBuffer } = operation;
    const buffer = forBuffer === null ? -1 : forBuffer.id;
    const at = this.#ring.append(OPERATION, submission === null ? 3 : 4, buffer);
    const { slots } = this.#ring;
    slots[at + 1] = this.#lastNumber;
    slots[at + 2] = this.#names.numberOf(operation.name);
    if (submission !== null) slots[at + 3] = submission;
  }

  failure(operation: TracedOperation, error: TtmError): void {
    const message = shortened(error.message + keepers(error));
    const buffer = this.#buffers.numberOf(operation.forBuffer);
    const at = this.#ring.append(FAILURE, 3 + textSlots(message), buffer);
    const { slots } = this.#ring;
    slots[at + 1] = this.#numberOf(operation);
    slots[at + 2] = this.#names.numberOf(error.code);
    putText(slots, at + 3, message);
  }

  move({ buffer, from, to, failure, fence, dropped, operation, eviction }: MoveEvent): void {
    const pending = fence === null || fence.signalled ? null : fence;
    const length = pending === null ? MOVE_SLOTS : MOVE_SLOTS + 1;
    const at = this.#ring.append(
      MOVE,
      length + (eviction === null ? 0 : CAUSE_SLOTS + eviction.passedOver.length),
      buffer.id,
    );
    const { slots } = this.#ring;
    const code = failure === null ? -1 : this.#names.numberOf(failure);
    slots[at + 1] = packMove(from === null ? -1 : from.typeIndex, to.typeIndex, code, dropped, pending !== null);
    slots[at + 2] = from === null ? 0 : from.start;
    slots[at + 3] = to.start;
    slots[at + 4] = this.#numberOf(operation);
    if (eviction !== null) this.#putCause(slots, at + length, eviction, slots[at + 4] as number);
    if (pending !== null) this.#awaitEnd(at, pending);
  }

  waitBegin({ operation, what, buffer }: WaitEvent): void {
    const at = this.#ring.append(WAIT, 4, this.#buffers.numberOf(buffer));
    const { slots } = this.#ring;
    slots[at + 1] = this.#numberOf(operation);
    slots[at + 2] = WAITED_FOR.indexOf(what);
    slots[at + WAIT_END] = NaN;
    this.#waits.set(operation, this.#ring.addressOf(at));
  }

  waitEnd(operation: TracedOperation): void {
    const address = this.#waits.get(operation);
    if (address !== undefined) this.#ring.set(address, WAIT_END, this.#ring.now());
  }

  use({ id }: BufferView): void {
    this.#ring.append(USE, 1, id);
  }

  pin({ id }: BufferView): void {
    this.#ring.append(PIN, 1, id);
  }

  unpin({ id }: BufferView): void {
    this.#ring.append(UNPIN, 1, id);
  }

  priority({ id, priority }: BufferView, from: number): void {
    const at = this.#ring.append(PRIORITY, 3, id);
    const { slots } = this.#ring;
    slots[at + 1] = from;
    slots[at + 2] = priority;
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
    const at = this.#ring.append(FREE, 3, id);
    const { slots } = this.#ring;
    slots[at + 1] = this.#names.numberOf(memoryType ?? "");
    slots[at + 2] = start ?? 0;
  }

  destroy({ id, isGhost }: BufferView): void {
    if (isGhost) return;
    this.#ring.append(DESTROY, 1, id);
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

  #noteCaused(kind: number, buffer: number, operation: TracedOperation): void {
    const at = this.#ring.append(kind, 2, buffer);
    this.#ring.slots[at + 1] = this.#numberOf(operation);
  }

  #awaitEnd(at: number, fence: Fence): void {
    const ring = this.#ring;
    const address = ring.addressOf(at);
    ring.set(address, MOVE_END, NaN);
    fence.observe(() => ring.set(address, MOVE_END, ring.now()));
  }

  #putCause(slots: Float64Array, at: number, cause: EvictionCause, operation: number): void {
    const { forBuffer, place, passedOver } = cause;
    // Only an operation of another device, which has no number, has a buffer of another device.
    slots[at] = operation > 0 && forBuffer !== null ? forBuffer.id : this.#buffers.numberOf(forBuffer);
    slots[at + 1] = cause.pages;
    slots[at + 2] = packCause(place === null ? -1 : this.#names.numberOf(place.memoryType), cause.position);
    slots[at + 3] = place?.fpfn ?? 0;
    slots[at + 4] = place?.lpfn ?? 0;
    at += CAUSE_SLOTS;
    for (let of = 0; of < passedOver.length; of++) {
      const { buffer, reason } = passedOver[of] as PassedOver;
      slots[at + of] = buffer.id * SOME_REASONS + REASONS.indexOf(reason);
    }
  }

  /** The number of an operation; 0 for background work, and for an operation of another device. */
  #numberOf(operation: TracedOperation): number {
    return operation === this.#lastOperation ? this.#lastNumber : this.#numbers.get(operation) ?? 0;
  }

  #submissionOf(operation: TracedOperation): number | null {
    const { submissionOf } = this.#options;
    if (submissionOf !== undefined) return submissionOf(operation);
    const { ticket } = operation;
    if (ticket === null) return null;
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
