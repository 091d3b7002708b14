import type { BufferObject } from "./buffer_object.ts";
import type { DeviceState } from "./device_state.ts";
import { must } from "./must.ts";

/** Checks what one buffer says of itself. */
export function checkBuffer(state: DeviceState, buffer: BufferObject): void {
  checkLife(state, buffer);
  checkLock(buffer);
  checkPlace(state, buffer);
  checkSwap(buffer);
}

/** Users and ghosts keep a buffer; without them only its work does. */
function checkLife(state: DeviceState, buffer: BufferObject): void {
  const { isDying, isGhost, ghosts, cpuWriters } = buffer;
  must(isDying || !isGhost, () => `${buffer} is a live ghost`);
  must(!isDying || buffer.disposed, () => `${buffer} is dying and has users`);
  must(!isDying || ghosts === 0, () => `${buffer} is dying and has ${ghosts} ghosts`);
  must(isDying || !buffer.disposed || ghosts > 0, () => `${buffer} has neither users nor ghosts, and is not dying`);
  must(!isDying || buffer.pins === 0, () => `${buffer} is pinned`);
  must(!isDying || buffer.bulkMove === null, () => `${buffer} is in a bulk move`);
  must(cpuWriters >= 0 && (!isDying || cpuWriters === 0), () => `${buffer} has ${cpuWriters} CPU writers`);
  const mustBeGone = isDying && state.delayedDestroyHolds === 0 && !buffer.busy;
  must(!mustBeGone, () => `${buffer} is idle and has not been freed`);
}

function checkLock({ reservation }: BufferObject): void {
  const { holder, locked } = reservation;
  must(holder === null || (locked && holder.locks > 0), () => "a reservation has a holder who does not hold it");
  must(locked || reservation.waiting === 0, () => `${reservation.waiting} wait for a reservation that is free`);
}

function checkPlace(state: DeviceState, buffer: BufferObject): void {
  const row = state.buffers.resource(buffer.row);
  const { tt, type } = buffer;
  if (row < 0 || type === null) {
    must(tt === null || tt.boundTo === null, () => `${buffer} has bound pages but no place`);
    return;
  }
  const { resources } = state;
  must(resources.buffer(row) === buffer, () => `the resource of ${buffer} belongs to somebody else`);
  must(resources.pages(row) === buffer.pages, () => `the resource of ${buffer} has ${resources.pages(row)} pages`);
  must(type.isSystem === (resources.node(row) === null), () => `${buffer} is in ${type.name}, its node is not`);
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

function checkSwap(buffer: BufferObject): void {
  const { tt, type } = buffer;
  if (tt === null || !tt.swapped) return;
  must(!tt.populated, () => `${buffer} is swapped out and has pages`);
  must(!tt.external, () => `${buffer} is swapped out, though its pages are not ours`);
  must(type === null || type.isSystem, () => `${buffer} is swapped out, and in ${type?.name}`);
}

function isOneBit(mask: number): boolean {
  return mask !== 0 && (mask & (mask - 1)) === 0;
}
