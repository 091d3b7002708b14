import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import { type Holder, holdersAt } from "./holders.ts";
import type {
  CreateEvent,
  DeviceRecord,
  EvictionCause,
  FailureEvent,
  MoveEvent,
  OperationEvent,
  RecordHeader,
  WaitEvent,
} from "./record.ts";
import { Sentences } from "./sentences.ts";

/** An event with its cause, and both in a plain sentence. */
export interface Explained<Event> {
  /** The event. */
  readonly event: Event;
  /** The operation that caused it; null for background work, and if its beginning is no longer recorded. */
  readonly operation: OperationEvent | null;
  /** The same as a sentence. */
  readonly text: string;
}

/** An eviction, or the attempt of one. */
export interface ExplainedEviction extends Explained<MoveEvent> {
  /** Why the buffer was chosen. */
  readonly cause: EvictionCause;
}

/** A buffer, by its number in the record or by itself. */
export type Named = number | { readonly id: number };

/** Answers questions about a record. Buffers have their numbers in order of creation, from 0. */
export interface Explainer {
  /** What the record is of. */
  readonly header: RecordHeader;
  /** The creations of all buffers, in the order of their numbers. */
  readonly buffers: readonly CreateEvent[];
  /** The last eviction of a buffer; null if it was not evicted. @throws {TtmError} `EINVAL` if there is no such buffer. */
  eviction(buffer: Named): ExplainedEviction | null;
  /**
   * All evictions, also those that failed, of a buffer or of every one, in the order in which they happened.
   *
   * @throws {TtmError} `EINVAL` if there is no such buffer.
   */
  evictions(buffer?: Named): readonly ExplainedEviction[];
  /** The failure that an error tells of, the last one if there are several; null if it is not recorded. */
  failure(error: TtmError): Explained<FailureEvent> | null;
  /** All failures. */
  readonly failures: readonly Explained<FailureEvent>[];
  /** All waits. */
  readonly waits: readonly Explained<WaitEvent>[];
  /**
   * The buffers with a place in a memory type at a time, in milliseconds, by their first page.
   *
   * @throws {TtmError} `EINVAL` if there is no such memory type, or the time is no number.
   */
  holders(memoryType: string, time: number): readonly Holder[];
}

/**
 * Reads a record once, to answer questions about it.
 *
 * @example Why a buffer was evicted
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { explainer, recorder } from "@ttm/explain";
 * import { firstFit } from "@ttm/first-fit";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * const { tracer, record } = recorder();
 * const driver = new RadeonSim({ vram: 4 * PAGE_SIZE, gtt: 4 * PAGE_SIZE });
 * const managers = { vram: firstFit(), gtt: firstFit() };
 * const device = new BoDevice({ driver, managers, clock: new SimulatedClock(), tracer });
 * const buffers = ["a", "b"].map((label) => device.createBuffer({ bytes: 3 * PAGE_SIZE, label }));
 * for (const buffer of buffers) {
 *   using _reservation = await buffer.reserve();
 *   await buffer.validate({ placement: [{ memoryType: "vram" }] });
 * }
 * const explain = explainer(record());
 * assertEquals(
 *   explain.eviction(0)?.text,
 *   'buffer 0 "a" was evicted from vram pages 0..2 to gtt at 0 ms: validate of buffer 1 "b" (operation 4) needed 3 pages ' +
 *     "in vram; position 0 in the order of eviction",
 * );
 * assertEquals(explain.holders("vram", 0).map(({ buffer, pages }) => [buffer, pages]), [[1, 3]]);
 * ```
 */
export function explainer(record: DeviceRecord): Explainer {
  return new Explanations(record);
}

class Explanations implements Explainer {
  readonly header: RecordHeader;
  readonly failures: Explained<FailureEvent>[] = [];
  readonly waits: Explained<WaitEvent>[] = [];
  #record: DeviceRecord;
  #creations: Map<number, CreateEvent> = new Map();
  #operations: Map<number, OperationEvent> = new Map();
  #evictions: ExplainedEviction[] = [];

  constructor(record: DeviceRecord) {
    this.header = record.header;
    this.#record = record;
    const sentences = new Sentences(this.#creations);
    for (const event of record.events) {
      switch (event.kind) {
        case "create":
          this.#creations.set(event.buffer, event);
          break;
        case "operation":
          this.#operations.set(event.operation, event);
          break;
        case "move": {
          const { eviction: cause } = event;
          const operation = this.#operationOf(event);
          if (cause === null) break;
          this.#evictions.push({ event, operation, cause, text: sentences.eviction(event, cause, operation) });
          break;
        }
        case "failure": {
          const operation = this.#operationOf(event);
          this.failures.push({ event, operation, text: sentences.failure(event, operation) });
          break;
        }
        case "wait": {
          const operation = this.#operationOf(event);
          this.waits.push({ event, operation, text: sentences.wait(event, operation) });
          break;
        }
      }
    }
  }

  get buffers(): CreateEvent[] {
    return [...this.#creations.values()].sort((a, b) => a.buffer - b.buffer);
  }

  eviction(buffer: Named): ExplainedEviction | null {
    return this.evictions(buffer).findLast(({ event }) => event.failure === null) ?? null;
  }

  evictions(buffer?: Named): readonly ExplainedEviction[] {
    if (buffer === undefined) return this.#evictions;
    const number = typeof buffer === "object" && buffer !== null ? buffer.id : buffer;
    if (!this.#creations.has(number)) {
      throw new TtmError("EINVAL", `Cannot explain: there is no buffer ${show(number)}`);
    }
    return this.#evictions.filter(({ event }) => event.buffer === number);
  }

  failure({ code, message }: TtmError): Explained<FailureEvent> | null {
    return this.failures.findLast(({ event }) => event.code === code && event.message.startsWith(message)) ?? null;
  }

  holders(memoryType: string, time: number): Holder[] {
    if (!this.header.memoryTypes.some(({ name }) => name === memoryType)) {
      const names = this.header.memoryTypes.map(({ name }) => name).join(", ");
      throw new TtmError("EINVAL", `Cannot explain: there is no memory type ${show(memoryType)}, only ${names}`);
    }
    if (typeof time !== "number" || Number.isNaN(time)) {
      throw new TtmError("EINVAL", `Cannot explain: the time must be a number of milliseconds, not ${show(time)}`);
    }
    return holdersAt(this.#record.events, memoryType, time);
  }

  #operationOf({ operation }: { readonly operation: number }): OperationEvent | null {
    return this.#operations.get(operation) ?? null;
  }
}
