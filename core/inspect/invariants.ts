import { checkBuffer, must } from "./buffer_invariants.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { Reservation } from "../lock/reservation.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** Checks all state of a device: each buffer, then the lists, usage and ranges of each memory type. */
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
  checkCounts(state);
  checkAccount(state);
  checkGroups(state);
  const listed = checkLists(state);
  for (const type of state.types) {
    const rows = listed.filter((row) => state.resources.place(row).type === type);
    checkUsage(state, type, rows);
    if (type.manager !== null && type.manager.intersects === undefined) checkRanges(state, type, rows);
  }
}

/** The ghost count of each buffer and the lock count of each acquire ticket must match what exists. */
function checkCounts(state: DeviceState): void {
  const ghosts = new Map<BufferRecord, number>();
  const locks = new Map<AcquireTicket, Set<Reservation>>();
  for (const { ghostOf, reservation } of state.buffers.all()) {
    if (ghostOf !== null) ghosts.set(ghostOf, (ghosts.get(ghostOf) ?? 0) + 1);
    const { holder } = reservation;
    if (holder !== null) locks.set(holder, (locks.get(holder) ?? new Set()).add(reservation));
  }
  for (const buffer of state.buffers.all()) {
    const count = ghosts.get(buffer) ?? 0;
    must(count === buffer.ghosts, () => `${buffer} has ${count} ghosts, ${buffer.ghosts} are counted`);
  }
  for (const [ticket, held] of locks) {
    must(held.size <= ticket.locks, () => `a ticket holds ${held.size} locks, ${ticket.locks} are counted`);
  }
}

/** What a group is charged must be the resources of its buffers and of those of the groups below it. */
function checkGroups(state: DeviceState): void {
  if (state.groups.size === 0) return;
  for (const type of state.types) {
    const rows = [...state.order.candidates(type), ...state.order.pinned()];
    for (const group of state.groups) {
      const pages = rows.reduce((sum, row) => {
        const isOwn = state.resources.place(row).type === type &&
          group.contains(state.resources.buffer(row)?.group ?? null);
        return isOwn ? sum + state.resources.pages(row) : sum;
      }, 0);
      const { usage } = group.counter(type.index);
      must(
        usage === pages * PAGE_SIZE,
        () => `${group} has ${pages} pages in ${type.name}, ${usage} bytes are charged`,
      );
    }
  }
}

/** The accounted pages must be those of the translation tables; checked only if the global has one device. */
function checkAccount(state: DeviceState): void {
  if (state.accountant.devices > 1) return;
  let pages = 0;
  for (const buffer of state.buffers.all()) {
    const { tt } = buffer;
    if (tt === null) continue;
    const owes = tt.populated && !tt.external;
    // Pages that a store is bringing count already.
    const mayArrive = tt.swapped && tt.transfer?.signalled === false;
    must(mayArrive || owes === tt.accounted, () => `the account of ${buffer} is ${owes ? "missing" : "too much"}`);
    if (tt.accounted) pages += tt.pages;
  }
  const { usedPages } = state.accountant;
  must(pages === usedPages, () => `buffers hold ${pages} host pages, ${usedPages} are counted`);
}

/** Each resource must be listed once: in the eviction order of its memory type, by priority, or on the pinned list. */
function checkLists(state: DeviceState): number[] {
  const seen = new Set<number>();
  const check = (row: number, belongs: (buffer: BufferRecord) => boolean) => {
    const buffer = state.resources.buffer(row);
    must(buffer !== null && belongs(buffer), () => `${buffer} stands in the wrong list`);
    must(!seen.has(row), () => `${buffer} is listed twice`);
    must(buffer?.row !== -1, () => `${buffer} is listed but freed`);
    seen.add(row);
  };
  for (const type of state.types) {
    let [priority, expected] = [0, 0];
    for (const row of state.order.candidates(type)) {
      if (isExpected(state, row)) expected++;
      check(row, (buffer) => state.resources.place(row).type === type && buffer.priority >= priority);
      checkLeftOut(state, row);
      priority = state.resources.buffer(row)?.priority ?? 0;
    }
    must(
      expected === type.expected,
      () => `uses of ${expected} resources in ${type.name} are expected, ${type.expected} are counted`,
    );
  }
  for (const row of state.order.pinned()) check(row, () => true);
  for (const buffer of state.buffers.all()) {
    const row = buffer.resource;
    must(row < 0 || seen.has(row), () => `${buffer} is in ${buffer.memoryType} but on no list`);
  }
  return [...seen];
}

function isExpected({ hints, resources }: DeviceState, row: number): boolean {
  const buffer = resources.buffer(row);
  return buffer !== null && hints.next(buffer) < Infinity;
}

/** Walks that look for pages to swap out may leave out only buffers without such pages. */
function checkLeftOut({ order, resources }: DeviceState, row: number): void {
  if (!order.isLeftOut(row)) return;
  const buffer = resources.buffer(row);
  const tt = buffer?.tt ?? null;
  must(buffer?.isDying === false && (tt?.external === true || tt?.populated === false), () => `${buffer} is left out`);
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
  if (type.manager?.startOf === undefined) return;
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
