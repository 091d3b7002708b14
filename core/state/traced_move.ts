import type { BufferRecord } from "./buffer_record.ts";
import type { Clock } from "../time/clock.ts";
import type { Fence } from "../lock/fence.ts";
import type { EvictionCause } from "../contract/traced_eviction.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { MoveEvent, TracedOperation, TracedPlace } from "../contract/tracer.ts";

class NotedPlace implements TracedPlace {
  memoryType = "";
  typeIndex = 0;
  start = 0;

  at({ name, index }: MemoryType, start: number): this {
    this.memoryType = name;
    this.typeIndex = index;
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

  comesFrom(type: MemoryType, start: number): void {
    this.from = this.#from.at(type, start);
  }
}
