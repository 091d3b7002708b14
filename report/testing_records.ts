import { RangeAllocator, type RangeNode } from "@ttm/first-fit";
import type { EvictionCause, PassedOver, RecordedPlace, RecordEvent, RecordHeader } from "@ttm/explain";
import type { ReportedRecord } from "./run.ts";

/** What a made record is of. */
export interface MadeOptions {
  readonly run?: string;
  readonly events?: number;
  /** How many buffers want to be in memory for which there is room for about `room` of them. */
  readonly buffers?: number;
  readonly room?: number;
  readonly seed?: number;
}

interface Made {
  readonly id: number;
  readonly pages: number;
  place: RecordedPlace | null;
  range: RangeNode | null;
  pinned: boolean;
}

const PAGE = 4096;
const TAGS = [
  "weights",
  "cache",
  "scratch",
  "textures",
  "vertices",
  "targets",
  "staging",
  "fonts",
  "shaders",
  "</script>",
];

/** For tests: what a small device with LRU eviction did with random buffers, as a record. The same for the same options. */
export function makeRecord(options: MadeOptions = {}): ReportedRecord {
  const { run = "made", events = 2000, buffers = 40, room = 12, seed = 1 } = options;
  const pages = room * 24;
  const header: RecordHeader = {
    ...{ format: "ttm-record", version: 1, run, pageSize: PAGE, driver: "made", policy: "lru", lost: 0 },
    memoryTypes: [
      { name: "system", pages: null, manager: null },
      { name: "vram", pages, manager: "first-fit" },
      { name: "gtt", pages: buffers * 64, manager: "first-fit" },
    ],
  };
  return { header, events: new Device(pages, buffers * 64, seed).run(events, buffers) };
}

class Device {
  readonly #vram: RangeAllocator;
  readonly #gtt: RangeAllocator;
  #random: number;
  #now = 0;
  #operation = 0;
  #pinned = 0;
  /** In the order of last use. */
  readonly #lru = new Set<Made>();

  constructor(vram: number, gtt: number, seed: number) {
    this.#vram = new RangeAllocator({ size: vram, orders: ["lowest"] });
    this.#gtt = new RangeAllocator({ size: gtt, orders: ["lowest"] });
    this.#random = seed;
  }

  *run(events: number, count: number): Generator<RecordEvent, void> {
    const live: Made[] = [];
    let [made, told] = [0, 0];
    while (told < events) {
      for (const event of this.#step(live, count, () => made++)) {
        yield event;
        if (++told === events) return;
      }
    }
  }

  *#step(live: Made[], count: number, next: () => number): Generator<RecordEvent, void> {
    this.#now += this.#below(1000) / 1000;
    const time = this.#now;
    if (live.length < count && this.#below(4) === 0) {
      const id = next();
      const pages = 4 + this.#below(32);
      live.push({ id, pages, place: null, range: null, pinned: false });
      const tag = TAGS[this.#below(TAGS.length)] as string;
      const client = this.#below(2) === 0 ? "game" : "browser";
      yield { kind: "create", time, buffer: id, label: `${tag} ${id}`, tag, client, size: pages * PAGE - 100, pages };
      return;
    }
    const buffer = live[this.#below(live.length)];
    if (buffer === undefined) return;
    const operation = ++this.#operation;
    const dice = this.#below(100);
    if (dice === 0) yield* this.#destroy(buffer, live);
    else if (dice === 1) {
      const message =
        `Cannot validate buffer ${buffer.id}: no room for ${buffer.pages} pages; vram: no room (3 pinned)`;
      yield { kind: "operation", time, operation, name: "validate", buffer: buffer.id, submission: null };
      yield { kind: "failure", time, operation, buffer: buffer.id, code: "ENOMEM", message };
    } else if (dice === 2) {
      yield { kind: "wait", time, operation, what: "fence", buffer: buffer.id, end: time + 0.5 };
    } else if (dice < 6 && buffer.place?.memoryType === "vram") {
      this.#pinned -= buffer.pinned ? 1 : 0;
      buffer.pinned = !buffer.pinned && this.#pinned < 3;
      this.#pinned += buffer.pinned ? 1 : 0;
      // As in TTM, what is unpinned is at the end of the order.
      this.#lru.delete(buffer);
      this.#lru.add(buffer);
      yield { kind: buffer.pinned ? "pin" : "unpin", time, buffer: buffer.id };
    } else {
      yield { kind: "operation", time, operation, name: "submit", buffer: buffer.id, submission: operation };
      yield* this.#place(buffer, operation);
      yield { kind: "use", time, buffer: buffer.id };
    }
  }

  *#place(buffer: Made, operation: number): Generator<RecordEvent, void> {
    if (buffer.place?.memoryType !== "vram") {
      let range = this.#vram.insert({ size: buffer.pages });
      const passedOver: PassedOver[] = [];
      let position = 0;
      for (const victim of this.#lru) {
        if (range !== null) break;
        if (victim.pinned) passedOver.push({ buffer: victim.id, reason: "pinned" });
        else {
          const place = { memoryType: "vram", fpfn: 0, lpfn: 0 };
          const cause = { forBuffer: buffer.id, pages: buffer.pages, place, position, passedOver: [...passedOver] };
          yield this.#move(victim, "gtt", this.#gtt.insert({ size: victim.pages }) as RangeNode, operation, cause);
          this.#lru.delete(victim);
          range = this.#vram.insert({ size: buffer.pages });
        }
        position++;
      }
      if (range === null) return;
      yield this.#move(buffer, "vram", range, operation, null);
    }
    this.#lru.delete(buffer);
    this.#lru.add(buffer);
  }

  #move(
    buffer: Made,
    memoryType: string,
    range: RangeNode,
    operation: number,
    eviction: EvictionCause | null,
  ): RecordEvent {
    const from = buffer.place;
    this.#free(buffer);
    buffer.place = { memoryType, start: range.start };
    buffer.range = range;
    const [time, end] = [this.#now, this.#now + buffer.pages / 100];
    const how = { dropped: false, failure: null, end, operation, eviction };
    return { kind: "move", time, buffer: buffer.id, from, to: buffer.place, ...how };
  }

  *#destroy(buffer: Made, live: Made[]): Generator<RecordEvent, void> {
    this.#free(buffer);
    this.#pinned -= buffer.pinned ? 1 : 0;
    this.#lru.delete(buffer);
    live.splice(live.indexOf(buffer), 1);
    yield { kind: "destroy", time: this.#now, buffer: buffer.id };
  }

  #free({ place, range }: Made): void {
    if (range !== null) (place?.memoryType === "vram" ? this.#vram : this.#gtt).remove(range);
  }

  /** The next random number: a linear congruential generator, with the constants of Numerical Recipes. */
  #below(limit: number): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return Math.floor(this.#random / 2 ** 32 * limit);
  }
}
