import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Mappings } from "../state/cpu_maps.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** Checks the invariants of one buffer. */
export function checkBuffer(state: DeviceState, buffer: BufferRecord): void {
  checkLife(state, buffer);
  checkLock(buffer);
  checkPlace(state, buffer);
  checkSwap(buffer);
  if (buffer.mappings !== null) checkMappings(state, buffer, buffer.mappings);
}

/** References and ghost objects keep a buffer object alive; without them it is dying, until its work has ended. */
function checkLife(state: DeviceState, buffer: BufferRecord): void {
  const { isDying, isReturning, isGhost, ghosts, cpuWriters } = buffer;
  must(isDying || !isGhost, () => `${buffer} is a live ghost`);
  must(!isDying || buffer.disposed, () => `${buffer} is dying and has users`);
  must(!isDying || ghosts === 0, () => `${buffer} is dying and has ${ghosts} ghosts`);
  must(!isReturning || (buffer.disposed && !isDying), () => `${buffer} returns to its exporter, and is kept or dying`);
  const isKept = !buffer.disposed || ghosts > 0 || isReturning;
  must(isDying || isKept, () => `${buffer} has neither users nor ghosts, and is not dying`);
  must(!isDying || buffer.pins === 0, () => `${buffer} is pinned`);
  must(!isDying || buffer.bulkMove === null, () => `${buffer} is in a bulk move`);
  must(cpuWriters >= 0 && (!isDying || cpuWriters === 0), () => `${buffer} has ${cpuWriters} CPU writers`);
  const mustBeGone = isDying && state.delayedDestroyHolds === 0 && !buffer.busy;
  must(!mustBeGone, () => `${buffer} is idle and has not been freed`);
}

function checkLock({ reservation }: BufferRecord): void {
  const { holder, locked } = reservation;
  must(holder === null || (locked && holder.locks > 0), () => "a reservation has a holder that does not hold it");
  must(locked || reservation.waiting === 0, () => `${reservation.waiting} wait for a reservation that is free`);
}

function checkPlace(state: DeviceState, buffer: BufferRecord): void {
  const row = buffer.resource;
  const { tt, type } = buffer;
  if (row < 0 || type === null) {
    must(tt === null || tt.boundTo === null, () => `${buffer} has bound pages but no place`);
    return;
  }
  const { resources } = state;
  must(resources.buffer(row) === buffer, () => `the resource of ${buffer} belongs to another buffer`);
  must(resources.pages(row) === buffer.pages, () => `the resource of ${buffer} has ${resources.pages(row)} pages`);
  must(type.isSystem === (resources.handle(row) === 0), () => `${buffer} is in ${type.name}, its handle is not`);
  must(!type.isSystem || buffer.start === 0, () => `${buffer} starts at ${buffer.start} of ${type.name}`);
  const caching = resources.caching(row);
  must((caching & type.availableCaching) === caching && isOneBit(caching), () => `${buffer} has caching ${caching}`);
  if (buffer.isGhost) return;
  if (type.fixed) {
    must(tt === null || tt.boundTo === null, () => `${buffer} is in fixed memory and its pages are bound`);
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

function checkSwap(buffer: BufferRecord): void {
  const { tt, type, clean } = buffer;
  const mayBeEmpty = !clean || type?.fixed === true || tt?.populated === true || tt?.swapped === true;
  must(buffer.isDying || mayBeEmpty, () => `${buffer} has neither its contents nor those of its store`);
  must(
    !clean || tt?.swap?.persistent !== false,
    () => `${buffer} is clean, and its contents are swapped out elsewhere`,
  );
  if (tt === null || !tt.swapped) return;
  must(!tt.populated, () => `${buffer} is swapped out and has pages`);
  must(!tt.external, () => `${buffer} is swapped out, though its pages are not ours`);
  must(type === null || type.isSystem, () => `${buffer} is swapped out, and in ${type?.name}`);
}

/** CPU maps must point into the memory of the buffer, and the use count of its window must match its maps. */
function checkMappings(state: DeviceState, buffer: BufferRecord, mappings: Mappings): void {
  const { users, kernel, io, writers, keepers, firstOffset } = mappings;
  const { type, tt, start } = buffer;
  must(!buffer.disposed || users.size + kernel.size === 0, () => `${buffer} has no users and is mapped`);
  must(!buffer.disposed || keepers === 0, () => `${buffer} has no users, and ${keepers} maps and grabs keep it`);
  must(keepers >= users.size + writers, () => `${buffer} has ${users.size} maps and ${writers} grabs, not ${keepers}`);
  const hasWindow = state.windowedUsers.has(buffer);
  const shares = [...kernel].filter(({ isIoMemory }) => isIoMemory).length + (hasWindow ? 1 : 0);
  must((io?.count ?? 0) === shares, () => `${buffer} has ${shares} maps by a window, ${io?.count ?? 0} are counted`);
  const isOwn = io === null || (io.type === type && io.start === start && io.pages === buffer.pages);
  must(isOwn, () => `${buffer} has a window on ${io?.type.name}@${io?.start}, and is at ${type?.name}@${start}`);
  const memory = hasWindow ? io?.bytes : tt?.contents;
  const isAt = (bytes: Uint8Array, page: number) =>
    memory instanceof Uint8Array && memory.buffer === bytes.buffer &&
    memory.byteOffset + page * PAGE_SIZE === bytes.byteOffset;
  for (const { present } of users) {
    for (const [page, bytes] of present) {
      must(isAt(bytes, page), () => `page ${page} of ${buffer} is mapped from elsewhere`);
    }
  }
  for (const { bytes, isIoMemory } of kernel) {
    const isItsOwn = bytes.buffer === (isIoMemory ? io?.bytes : tt?.contents as Uint8Array)?.buffer;
    must(isItsOwn, () => `the kernel maps what is not of ${buffer}`);
  }
  const named = firstOffset < 0 ? null : state.mmapOffsets.lookup(firstOffset);
  must((named?.buffer === buffer) === (firstOffset >= 0 && !buffer.disposed), () => `${buffer} has a wrong offset`);
}

function isOneBit(mask: number): boolean {
  return mask !== 0 && (mask & (mask - 1)) === 0;
}

/** Throws if an invariant does not hold. */
export function must(holds: boolean, rule: () => string): void {
  if (!holds) throw new Error(`Broken invariant: ${rule()}`);
}
