import type { BoDevice, BufferObject, BufferView, FenceList } from "@ttm/core";
import type { RecordedMachine } from "./machine.ts";
import type { BuddyNode } from "./recorded_buddy.ts";
import { comparableTable, TABLE_COLUMN, tableBits } from "./quirks.ts";
import { describe, NAMES, typeNumber } from "./recording.ts";

/** A buffer of the recording. */
export interface Named {
  readonly buffer: BufferObject;
  readonly device: number;
  /** Its shared reservation; -1 for its own. */
  readonly reservation: number;
  bulk: number;
}

type Row = readonly number[];

/** The state of one device, or of the only one. */
interface DeviceLists {
  readonly lru: Readonly<Record<string, unknown>>;
  readonly pinned: unknown;
  readonly use: unknown;
  readonly mv?: unknown;
}

/** The state after an operation. */
export interface MachineState extends Partial<DeviceLists> {
  readonly bos: readonly Row[];
  readonly del?: readonly Row[];
  readonly fen?: Readonly<Record<string, readonly Row[]>>;
  readonly rfen?: Readonly<Record<string, readonly Row[]>>;
  readonly devs?: readonly DeviceLists[];
  readonly order?: unknown;
  readonly bulks?: unknown;
  readonly blk?: Readonly<Record<string, readonly Row[]>>;
  readonly avail?: number;
}

const DELETED_TABLE_COLUMN = 5;

/** The recorded state without what cannot be compared. */
export function expectedState(state: MachineState, machine: RecordedMachine): MachineState {
  const { bos, del, fen, rfen, lru, pinned, use, mv, devs, order, bulks, blk, avail } = state;
  const table = (row: Row) => comparableTable(machine.purged.comparable(row[0] ?? -1, row[TABLE_COLUMN] ?? 0));
  return {
    bos: bos.map((row) => machine.failed.comparable(row.with(TABLE_COLUMN, table(row)))),
    ...(del && { del: del.map((row) => row.with(DELETED_TABLE_COLUMN, comparableTable(row[5] ?? 0))) }),
    ...(fen && { fen: sorted(fen) }),
    ...(rfen && { rfen: sorted(rfen) }),
    ...(lru && { lru, pinned, use, ...(mv !== undefined && { mv }) }),
    ...(devs && { devs, order }),
    ...(bulks !== undefined && { bulks }),
    ...(blk && { blk, avail: avail ?? NaN }),
  };
}

/** The same of the state here. */
export function foundState(
  machine: RecordedMachine,
  buffers: ReadonlyMap<number, Named>,
  roots: readonly BufferObject[],
  bulks: () => Row[],
  like: MachineState,
): MachineState {
  const [first] = machine.devices;
  return {
    bos: [...buffers].filter(([, { buffer }]) => buffer.row >= 0 && !buffer.isDying).map(([id, named]) =>
      machine.failed.comparable(bufferRow(id, named))
    ),
    ...(like.del &&
      { del: machine.devices.flatMap((device) => device.dying).map((buffer) => deletedRow(machine, buffer)) }),
    ...(like.fen && { fen: ownFences(machine, buffers) }),
    ...(like.rfen && { rfen: byKey(roots.map((root, at) => [at, pending(machine, root.reservation.fences)])) }),
    ...(like.lru && first && lists(machine, first, { lru: like.lru, pinned: 0, use: 0, mv: like.mv })),
    ...(like.devs && {
      devs: machine.devices.map((device, at) => lists(machine, device, like.devs?.[at])),
      order: machine.global.devices.map((device) => machine.devices.indexOf(device as BoDevice)),
    }),
    ...(like.bulks !== undefined && { bulks: bulks() }),
    ...(like.blk && { blk: blocksOf(buffers), avail: machine.buddy?.available ?? NaN }),
  };
}

/** The blocks of the buffers in VRAM, in the order in which they were found. */
function blocksOf(buffers: ReadonlyMap<number, Named>): Record<string, Row[]> {
  const entries = [...buffers].flatMap(([id, { buffer }]) => {
    const node = buffer.disposed ? null : buffer.node as BuddyNode | null;
    return node === null ? [] : [[id, node.allocation.blocks.map(({ start, size }) => [start, size])]];
  });
  return Object.fromEntries(entries);
}

function bufferRow(id: number, { buffer, device, reservation, bulk }: Named): Row {
  return [...describe(id, buffer), tableBits(buffer), buffer.disposed ? 0 : 1, device, reservation, bulk];
}

function deletedRow(machine: RecordedMachine, buffer: BufferView): Row {
  const { memoryType, start, pages, priority, busy } = buffer;
  const type = memoryType === null ? -1 : typeNumber(memoryType);
  return [machine.id(buffer), type, start ?? -1, pages, priority, tableBits(buffer), busy ? 1 : 0];
}

function ownFences(
  machine: RecordedMachine,
  buffers: ReadonlyMap<number, Named>,
): Readonly<Record<string, readonly Row[]>> {
  const own = [...buffers.values()].filter(({ buffer, reservation }) => reservation < 0 || buffer.isDying)
    .map(({ buffer }) => buffer).filter((buffer) => buffer.row >= 0);
  const ghosts = machine.devices.flatMap((device) => device.dying as BufferObject[]).filter((buffer) => buffer.isGhost);
  return byKey([...own, ...ghosts].map((buffer) => [machine.id(buffer), pending(machine, buffer.reservation.fences)]));
}

const usages = ["kernel", "write", "read", "bookkeep"];

function pending(machine: RecordedMachine, fences: FenceList): Row[] {
  return fences.list().map(({ fence, usage }) => [machine.timelines.id(fence), usages.indexOf(usage)]);
}

function byKey(entries: readonly (readonly [number, readonly Row[]])[]): Record<string, readonly Row[]> {
  return sorted(Object.fromEntries(entries.filter(([, fences]) => fences.length > 0)));
}

/** Lists of fences are compared as sets. */
function sorted(lists: Readonly<Record<string, readonly Row[]>>): Record<string, readonly Row[]> {
  return Object.fromEntries(
    Object.entries(lists).map(([key, rows]) => [key, rows.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0))]),
  );
}

function lists(machine: RecordedMachine, device: BoDevice, like: DeviceLists | undefined): DeviceLists {
  const ids = (buffers: readonly BufferView[]) => buffers.map((buffer) => machine.id(buffer));
  const names = Object.keys(like?.lru ?? {}).map((type) => [type, device.lru(NAMES[Number(type)] ?? "").map(ids)]);
  return {
    lru: Object.fromEntries(names),
    pinned: ids(device.pinned),
    use: NAMES.map((name) => device.usage(name).usedPages),
    ...(like?.mv !== undefined && { mv: NAMES.map((name) => machine.timelines.id(device.moveFence(name))) }),
  };
}
