import {
  type Creation,
  type DeviceHeader,
  outcomeOf,
  placementOf,
  RecordedDevice,
  type TracedState,
} from "./recording.ts";
import type { Compared, Replayer } from "./trace.ts";

/** Any line of a ttm trace but the first. */
export interface TtmOperation extends Creation, TracedState {
  readonly op: "create" | "validate" | "touch" | "pin" | "unpin" | "evict_first" | "unref";
  readonly held: readonly number[];
  readonly mem: number;
  readonly ret: number;
  readonly ev: unknown;
  readonly moved: number;
}

/**
 * Replays the kernel's TTM, operations on buffers that are always idle, through a device whose driver does what the
 * recording driver did, and compares all that the trace recorded but the state of the translation tables.
 */
export class TtmReplayer implements Replayer<TtmOperation> {
  #recorded: RecordedDevice;

  constructor(header: DeviceHeader) {
    this.#recorded = new RecordedDevice(header);
  }

  async run(operation: TtmOperation): Promise<Compared> {
    const { ret, ev, moved } = operation;
    const found = await this.#perform(operation);
    const moves = this.#recorded.takeMoves();
    return {
      expected: { ret, ev, moved, ...this.#recorded.expected(operation) },
      found: { ret: found, ...moves, ...this.#recorded.state(operation) },
    };
  }

  #perform(operation: TtmOperation): Promise<number> | number {
    switch (operation.op) {
      case "create":
        return this.#recorded.create(operation);
      case "validate":
        return this.#validate(operation);
      case "evict_first":
        return this.#recorded.evictFirst(operation.mem);
      default:
        return this.#underReservation(operation.op, operation.bo);
    }
  }

  async #validate({ bo, pl, held }: TtmOperation): Promise<number> {
    const buffer = this.#recorded.buffer(bo);
    const others = held.map((id) => this.#recorded.buffer(id));
    for (const other of others) other.tryReserve();
    buffer.tryReserve();
    const ret = await outcomeOf(() => buffer.validate(placementOf(pl)));
    buffer.unreserve();
    for (const other of others) other.unlock();
    return ret;
  }

  #underReservation(op: "touch" | "pin" | "unpin" | "unref", id: number): number {
    const buffer = this.#recorded.buffer(id);
    buffer.tryReserve();
    if (op === "pin") buffer.pin();
    if (op === "unpin") buffer.unpin();
    if (op === "unref") { while (buffer.pins > 0) buffer.unpin(); }
    buffer.unreserve();
    if (op === "unref") this.#recorded.unref(id);
    return 0;
  }
}
