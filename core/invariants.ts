import type { BufferObject } from "./buffer_object.ts";
import type { DeviceState } from "./device_state.ts";
import { type MemoryType, PRIORITIES } from "./memory_type.ts";

function must(holds: boolean, rule: () => string): void {
  if (!holds) throw new Error(`Broken invariant: ${rule()}`);
}

/** Checks everything: each buffer by itself, then lists, usage and ranges of each memory type. */
export function checkState(state: DeviceState): void {
  let live = 0;
  let dying = 0;
  for (const buffer of state.buffers.all()) {
    checkBuffer(state, buffer);
    if (buffer.disposed) dying++;
    else live++;
  }
  must(live === state.liveBuffers, () => `${live} buffers are alive, ${state.liveBuffers} are counted`);
  must(dying === state.dyingBuffers, () => `${dying} buffers are dying, ${state.dyingBuffers} are counted`);
  const listed = checkLists(state);
  for (const type of state.types) {
    const rows = listed.filter((row) => state.resources.place(row).type === type);
    checkUsage(state, type, rows);
    if (type.manager !== null && type.manager.intersects === undefined) checkRanges(state, type, rows);
  }
}

/** Checks what one buffer says of itself. */
export function checkBuffer(state: DeviceState, buffer: BufferObject): void {
  const row = state.buffers.resource(buffer.row);
  const { tt, type } = buffer;
  must(buffer.isDying || !buffer.isGhost, () => `${buffer} is a live ghost`);
  must(!buffer.isDying || buffer.disposed, () => `${buffer} is dying and has users`);
  must(!buffer.isDying || buffer.pins === 0, () => `${buffer} is pinned`);
  const { holder, locked } = buffer.reservation;
  must(holder === null || (locked && holder.locks > 0), () => `${buffer} has a holder who does not hold it`);
  if (row < 0 || type === null) {
    must(tt === null || tt.boundTo === null, () => `${buffer} has bound pages but no place`);
    return;
  }
  must(state.resources.buffer(row) === buffer, () => `the resource of ${buffer} belongs to somebody else`);
  const caching = state.resources.caching(row);
  must((caching & type.availableCaching) === caching && isOneBit(caching), () => `${buffer} has caching ${caching}`);
  if (buffer.isGhost) return;
  if (type.fixed) {
    must(tt === null || tt.boundTo === null, () => `${buffer} is in fixed memory and its pages are bound`);
    must(tt === null || !tt.swapped, () => `${buffer} is in fixed memory and swapped out`);
    return;
  }
  must(tt !== null, () => `${buffer} is in ${type.name} without a translation table`);
  must(tt?.cachingBit === caching, () => `the pages of ${buffer} are ${tt?.caching}, its place is not`);
  const bound = type.isSystem ? null : type.name;
  must(tt?.boundTo === bound, () => `${buffer} is in ${type.name}, its pages are bound to ${tt?.boundTo}`);
  if (type.isSystem) return;
  must(tt?.boundAt === buffer.start, () => `${buffer} starts at ${buffer.start}, its pages are at ${tt?.boundAt}`);
  must(tt?.populated === true, () => `${buffer} is bound to ${type.name} without pages`);
}

function isOneBit(mask: number): boolean {
  return mask !== 0 && (mask & (mask - 1)) === 0;
}

/** Every resource stands in exactly one list, the one of its type and priority or that of the pinned. */
function checkLists(state: DeviceState): number[] {
  const seen = new Set<number>();
  const check = (row: number, belongs: (buffer: BufferObject) => boolean) => {
    const buffer = state.resources.buffer(row);
    must(buffer !== null && belongs(buffer), () => `${buffer} stands in the wrong list`);
    must(!seen.has(row), () => `${buffer} is listed twice`);
    must(buffer?.row !== -1, () => `${buffer} is listed but freed`);
    seen.add(row);
  };
  for (const type of state.types) {
    for (let priority = 0; priority < PRIORITIES; priority++) {
      for (const row of state.lru.list(type.index, priority)) {
        check(row, (buffer) => buffer.type === type && buffer.priority === priority);
      }
    }
  }
  for (const row of state.lru.pinned()) check(row, () => true);
  for (const buffer of state.buffers.all()) {
    const row = state.buffers.resource(buffer.row);
    must(row < 0 || seen.has(row), () => `${buffer} is in ${buffer.memoryType} but on no list`);
  }
  return [...seen];
}

function checkUsage(state: DeviceState, type: MemoryType, rows: number[]): void {
  const pages = rows.reduce((sum, row) => sum + state.resources.pages(row), 0);
  const { name, usedPages, residents, manager } = type;
  must(pages === usedPages, () => `${name} holds ${pages} pages, ${usedPages} are counted`);
  must(rows.length === residents, () => `${name} holds ${rows.length} resources, ${residents} are counted`);
  const managed = manager?.usedPages ?? usedPages;
  must(managed === usedPages, () => `${name} holds ${usedPages} pages, its manager handed out ${managed}`);
}

function checkRanges(state: DeviceState, type: MemoryType, rows: number[]): void {
  const { resources } = state;
  rows.sort((a, b) => resources.start(a) - resources.start(b));
  let end = 0;
  for (const row of rows) {
    const buffer = resources.buffer(row);
    const start = resources.start(row);
    must(start >= end, () => `${buffer} overlaps its neighbour at page ${start} of ${type.name}`);
    must(start % (buffer?.alignment ?? 1) === 0, () => `${buffer} is misaligned at page ${start} of ${type.name}`);
    end = start + resources.pages(row);
  }
  must(end <= type.pages, () => `${type.name} has ${type.pages} pages, a buffer ends at ${end}`);
}
