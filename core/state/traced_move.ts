import type { BufferRecord } from "./buffer_record.ts";
import type { Clock } from "../time/clock.ts";
import type { Fence } from "../lock/fence.ts";
import type { EvictionCause } from "../contract/traced_eviction.ts";
import type { MoveEvent, TracedOperation, TracedPlace } from "../contract/tracer.ts";

class NotedPlace implements TracedPlace {
  memoryType = "";
  start = 0;

  at(memoryType: string, start: number): this {
    this.memoryType = memoryType;
    this.start = start;
    return this;
  }
}

/** What a tracer is told of a move: one object for all moves of a device, so that none is allocated for each. */
export class TracedMove implements MoveEvent {
  buffer: BufferRecord;
  evict = false;
  dropped = false;
  from: TracedPlace | null = null;
  readonly to: NotedPlace = new NotedPlace();
  failure: MoveEvent["failure"] = null;
  fence: Fence | null = null;
  forBuffer: BufferRecord | null = null;
  operation: TracedOperation;
  eviction: EvictionCause | null = null;
  readonly #from: NotedPlace = new NotedPlace();
  readonly #clock: Clock;

  constructor(clock: Clock, buffer: BufferRecord, operation: TracedOperation) {
    this.#clock = clock;
    this.buffer = buffer;
    this.operation = operation;
  }

  get time(): number {
    return this.#clock.now();
  }

  comesFrom(memoryType: string, start: number): void {
    this.from = this.#from.at(memoryType, start);
  }
}
