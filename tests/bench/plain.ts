import { PAGE_SIZE } from "@ttm/core";

/** A buffer as one would write it without this project: an object that knows its neighbours in the list. */
export interface PlainBuffer {
  readonly id: number;
  readonly pages: number;
  locked: boolean;
  inVram: boolean;
  start: number;
  newer: PlainBuffer;
  older: PlainBuffer;
}

/** Told of a move between host memory and VRAM. */
export type PlainMoved = (buffer: PlainBuffer, to: "system" | "vram") => void;

/**
 * The least that does the same: objects, a `Map` of handles and one list of who was used when. Its VRAM is a stack of
 * places for buffers of one size, or, for mixed sizes, a mere budget of pages. It has no driver, no fences, no errors and
 * no failures to take back: what it takes is a measure of the machine, not a goal.
 */
export class PlainDevice {
  readonly buffers: Map<number, PlainBuffer> = new Map();
  #freePages: number;
  #freeStarts: number[] = [];
  #head: PlainBuffer = plainBuffer(-1, 0);
  #moved: PlainMoved;

  /** `moved` is told of each move while the buffer still knows its place in VRAM. */
  constructor(pages: number, sizes: readonly number[], moved: PlainMoved = () => {}) {
    this.#moved = moved;
    this.#freePages = pages;
    const size = sizes[0] ?? 1;
    for (let start = 0; start + size <= pages; start += size) this.#freeStarts.push(start);
    for (const [id, pages] of sizes.entries()) this.buffers.set(id, plainBuffer(id, pages));
    for (const id of sizes.keys()) this.use(id);
  }

  /** Reserves, validates and unreserves the buffer of a handle. */
  use(id: number): void {
    const buffer = this.buffers.get(id);
    if (buffer === undefined || buffer.locked) return;
    buffer.locked = true;
    if (!buffer.inVram) this.#place(buffer);
    leave(buffer);
    join(buffer, this.#head);
    buffer.locked = false;
  }

  /** The same in three calls, of which two are awaited. */
  // deno-lint-ignore require-await -- as a call that may have to wait
  async reserve(id: number): Promise<void> {
    const buffer = this.buffers.get(id);
    if (buffer !== undefined) buffer.locked = true;
  }

  // deno-lint-ignore require-await -- as a call that may have to wait
  async validate(id: number): Promise<void> {
    const buffer = this.buffers.get(id);
    if (buffer?.inVram === false) this.#place(buffer);
  }

  unreserve(id: number): void {
    const buffer = this.buffers.get(id);
    if (buffer === undefined) return;
    leave(buffer);
    join(buffer, this.#head);
    buffer.locked = false;
  }

  #place(buffer: PlainBuffer): void {
    while (this.#freePages < buffer.pages) this.#evict(this.#head.newer);
    this.#freePages -= buffer.pages;
    buffer.start = this.#freeStarts.pop() ?? 0;
    buffer.inVram = true;
    this.#moved(buffer, "vram");
  }

  #evict(victim: PlainBuffer): void {
    leave(victim);
    victim.inVram = false;
    this.#moved(victim, "system");
    this.#freePages += victim.pages;
    this.#freeStarts.push(victim.start);
  }
}

function plainBuffer(id: number, pages: number): PlainBuffer {
  const buffer = { id, pages, locked: false, inVram: false, start: 0 } as PlainBuffer;
  buffer.newer = buffer;
  buffer.older = buffer;
  return buffer;
}

function leave(buffer: PlainBuffer): void {
  buffer.older.newer = buffer.newer;
  buffer.newer.older = buffer.older;
  buffer.newer = buffer;
  buffer.older = buffer;
}

/** Makes it the newest: `head.newer` is the oldest of all, `head.older` the newest. */
function join(buffer: PlainBuffer, head: PlainBuffer): void {
  buffer.older = head.older;
  buffer.newer = head;
  head.older.newer = buffer;
  head.older = buffer;
}

/** A stretch of bytes, and where it is copied to. */
export interface Copy {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
}

/** What is copied when buffers are used in an order that has gone round once before. */
export function copiesOf(ids: readonly number[], sizes: readonly number[], pages: number): Copy[] {
  const vram = new Uint8Array(pages * PAGE_SIZE);
  const host = sizes.map((size) => new Uint8Array(size * PAGE_SIZE).fill(1));
  let copies: Copy[] = [];
  const plain = new PlainDevice(pages, sizes, ({ id, start, pages }, to) => {
    const inVram = vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
    const inHost = host[id] as Uint8Array;
    copies.push(to === "vram" ? { source: inHost, target: inVram } : { source: inVram, target: inHost });
  });
  for (const id of ids) plain.use(id);
  copies = [];
  for (const id of ids) plain.use(id);
  return copies;
}
