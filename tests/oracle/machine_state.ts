import type { BoDevice, BufferObject, BufferView, FenceList } from "@ttm/core";
import type { RecordedMachine } from "./machine.ts";
import { comparableTable, tableBits } from "./quirks.ts";
import { CACHINGS, describe, NAMES, typeNumber } from "./recording.ts";

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
  readonly avail?: unknown;
}

/** The state after an operation. */
export interface MachineState extends Partial<DeviceLists> {
  readonly bos: readonly Row[];
  readonly del?: readonly Row[];
  readonly fen?: unknown;
  readonly rfen?: unknown;
  readonly devs?: readonly DeviceLists[];
  readonly order?: unknown;
  readonly bulks?: unknown;
  readonly blk?: unknown;
  readonly fail?: unknown;
}

const TABLE_COLUMN = 7;
const DELETED_TABLE_COLUMN = 5;
/** Memory types whose lists are recorded. */
const LISTED = NAMES.slice(0, 3);
const KINDS = ["device", "kernel", "sg"];
const USAGES = ["kernel", "write", "read", "bookkeep"];

/** The recorded state without the members that cannot be compared. */
export function expectedState(state: MachineState): MachineState {
  const { bos, del, fen, rfen, lru, pinned, use, mv, avail, devs, order, bulks, blk, fail } = state;
  const comparable = (column: number) => (row: Row) => row.with(column, comparableTable(row[column] ?? 0));
  return {
    bos: bos.map(comparable(TABLE_COLUMN)),
    ...(del && { del: del.map(comparable(DELETED_TABLE_COLUMN)) }),
    ...(fen !== undefined && { fen }),
    ...(rfen !== undefined && { rfen }),
    ...(lru && { ...(avail !== undefined && { avail }), lru, pinned, use, ...(mv !== undefined && { mv }) }),
    ...(devs && { devs, order }),
    ...(bulks !== undefined && { bulks }),
    ...(blk !== undefined && { blk }),
    ...(fail !== undefined && { fail }),
  };
}

/** The core's state in the same form. */
export function foundState(
  machine: RecordedMachine,
  buffers: ReadonlyMap<number, Named>,
  roots: readonly BufferObject[],
  bulks: () => Row[],
  like: MachineState,
): MachineState {
  const { kind } = machine.header;
  return {
    bos: [...buffers].filter(([, { buffer }]) => buffer.row >= 0 && !buffer.isDying)
      .map(([id, named]) => bufferRow(kind, id, named)),
    ...(like.del && { del: dyingOf(machine).map((buffer) => deletedRow(machine, buffer)) }),
    ...(like.fen !== undefined && { fen: ownFences(machine, buffers, roots) }),
    ...(like.rfen !== undefined && { rfen: roots.map((root) => pending(machine, root.reservation.fences)) }),
    ...(like.lru && lists(machine, 0, like as DeviceLists)),
    ...(like.devs && {
      devs: machine.devices.map((_, at) => lists(machine, at, like.devs?.[at])),
      order: machine.global.devices.map((device) => machine.devices.indexOf(device as BoDevice)),
    }),
    ...(like.bulks !== undefined && { bulks: bulks() }),
    ...(like.blk !== undefined && { blk: blocksOf(machine, buffers) }),
    ...(like.fail !== undefined && { fail: machine.armed }),
  };
}

/** Deleted buffers, then ghost objects, of all devices, in the order of their numbers. */
function dyingOf(machine: RecordedMachine): BufferView[] {
  return machine.devices.flatMap((device) => device.dying).sort((a, b) => machine.id(a) - machine.id(b));
}

/** The blocks of the buffers in VRAM, in the order of their allocation. */
function blocksOf(machine: RecordedMachine, buffers: ReadonlyMap<number, Named>): Record<string, Row[]> {
  const entries = [...buffers].filter(([, { buffer }]) => buffer.memoryType === "vram").map(
    ([id, { buffer, device }]) => {
      const blocks = machine.buddies[device]?.blocksOf(buffer.handle) ?? [];
      return [id, blocks.map(({ start, size }) => [start, size])];
    },
  );
  return Object.fromEntries(entries);
}

/** What families tell of a buffer besides what all do. */
const LAST_COLUMNS: Readonly<Record<string, (buffer: BufferObject) => number>> = {
  ttmx: ({ kind }) => KINDS.indexOf(kind),
  ttmc: ({ tt }) => tt === null ? -1 : CACHINGS.indexOf(tt.caching),
};

function bufferRow(family: string, id: number, { buffer, device, reservation, bulk }: Named): Row {
  const row = [...describe(id, buffer), tableBits(buffer)];
  if (family === "ttm") return row;
  const last = LAST_COLUMNS[family]?.(buffer);
  return [...row, buffer.disposed ? 0 : 1, device, reservation, bulk, ...(last === undefined ? [] : [last])];
}

function deletedRow(machine: RecordedMachine, buffer: BufferView): Row {
  const { memoryType, start, pages, priority, busy } = buffer;
  const type = memoryType === null ? -1 : typeNumber(memoryType);
  return [machine.id(buffer), type, start ?? -1, pages, priority, tableBits(buffer), busy ? 1 : 0];
}

/** By number: the pending fences of buffers with any, without those of shared reservations. */
function ownFences(
  machine: RecordedMachine,
  buffers: ReadonlyMap<number, Named>,
  roots: readonly BufferObject[],
): Readonly<Record<string, Row[]>> {
  const shared = new Set(roots.map((root) => root.reservation));
  const own = [...buffers.values()].map(({ buffer }) => buffer)
    .filter((buffer) => buffer.row >= 0 && !shared.has(buffer.reservation));
  const ghosts = dyingOf(machine).filter((buffer) => buffer.isGhost);
  const entries = [...own, ...ghosts].map((
    buffer,
  ) => [machine.id(buffer), pending(machine, (buffer as BufferObject).reservation.fences)]);
  return Object.fromEntries(entries.filter(([, fences]) => (fences as Row[]).length > 0));
}

/** Pending fences in the order of their slots, in which they are waited for. */
function pending(machine: RecordedMachine, fences: FenceList): Row[] {
  return fences.list().map(({ fence, usage }) => [machine.timelines.id(fence), USAGES.indexOf(usage)]);
}

function lists(machine: RecordedMachine, at: number, like: DeviceLists | undefined): DeviceLists {
  const device = machine.devices[at] as BoDevice;
  const ids = (buffers: readonly BufferView[]) => buffers.map((buffer) => machine.id(buffer));
  const names = Object.keys(like?.lru ?? {}).map((
    type,
  ) => [type, machine.lists[at]?.of(NAMES[Number(type)] ?? "").map(ids)]);
  return {
    ...(like?.avail !== undefined && { avail: machine.buddies[at]?.available }),
    lru: Object.fromEntries(names),
    pinned: ids(device.pinned),
    use: LISTED.map((name) => device.usage(name).usedPages),
    ...(like?.mv !== undefined && { mv: LISTED.map((name) => machine.timelines.id(device.moveFence(name))) }),
  };
}
