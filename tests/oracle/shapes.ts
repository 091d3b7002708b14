import { complete, type Fields, upTo, within } from "./fields.ts";
import { type Line, TraceError } from "./trace.ts";

/** The shape of a family's lines. */
export interface Shape {
  /** The fields of its header. */
  readonly header: Fields;
  /** The fields of each operation, under that header. */
  readonly operations: (header: never) => Readonly<Record<string, Fields>>;
  /** Result members that must be lists. */
  readonly results: readonly string[];
}

const MANY = Number.MAX_SAFE_INTEGER;
const PAGES = 2 ** 24;
const FLAG = upTo(1);

const placesAndDevices = {
  vram: within(1, PAGES),
  tt: upTo(PAGES),
  evict: upTo(3),
  hop: FLAG,
  pipeline: FLAG,
  fences: FLAG,
  ndev: upTo(8, 1, 1),
  limit: upTo(MANY),
  buddy: FLAG,
  vram_tt: FLAG,
  nresv: upTo(16),
  mocks: FLAG,
};

interface Devices {
  readonly ndev: number;
  readonly nresv: number;
  readonly mocks: number;
}

const bo = within(0, MANY);
const nw = FLAG;
const cd = FLAG;
const are = FLAG;
const tail = upTo(1, 1);
const held = { each: bo };

/** Places, and what a `create` has, under a header. */
function creation({ ndev, nresv, mocks }: Devices): Fields {
  const rv = upTo(nresv - 1, -1, -1);
  const dev = upTo(ndev - 1);
  const prio = upTo(3);
  return {
    bo,
    dev,
    pages: within(1, PAGES),
    align: upTo(MANY),
    prio,
    rv,
    bulk: FLAG,
    are,
    nw,
    cd,
    ...places(mocks),
    type: upTo(2),
  };
}

function places(mocks: number): Fields {
  return { pl: { rows: [within(0, mocks === 1 ? 4 : 2), within(0, MANY), within(0, MANY), within(0, 31)] } };
}

export const machineShape: Shape = {
  header: placesAndDevices,
  results: ["bos"],
  operations: (header: Devices) => {
    const dev = upTo(header.ndev - 1);
    const rv = within(0, header.nresv - 1);
    const mem = within(0, 2);
    const f = within(0, MANY);
    const { pl } = places(header.mocks) as { readonly pl: Fields[string] };
    return {
      create: creation(header),
      validate: { bo, are, nw, cd, pl, held },
      touch: { bo },
      unref: { bo },
      pin: { bo, tail },
      unpin: { bo, tail },
      evict_first: { dev, mem, nw },
      evict_all: { dev, mem: within(1, 2) },
      addfence: { bo, f, tl: within(0, 15), usage: within(0, 3) },
      signal: { f, err: upTo(0, 0, -4095) },
      wait: { bo, nw },
      flush: {},
      drain: {},
      populate: { bo, nw },
      write: { bo, v: within(0, 2 ** 32 - 1) },
      read: { bo },
      swapout_dev: { dev, nw, held },
      swapout_global: { nw, held },
      swapout: { dev, mem, target: within(1, MANY), nw, held },
      bulk_tail: { rv },
      set_bulk: { bo, on: FLAG },
      submit: { rv, are, tail, nw, cd, pl },
      setprio: { bo, prio: within(0, 3) },
      fail: { what: within(0, 2), n: upTo(MANY) },
    };
  },
};

/** As {@linkcode machineShape}, where buffers have a caching that their driver chooses for tables. */
export const cachingShape: Shape = {
  ...machineShape,
  operations: (header: Devices) => {
    const ca = within(0, 2);
    const { create, ...others } = machineShape.operations(header as never);
    return { ...others, create: { ...create, ca }, setcaching: { bo, ca } };
  },
};

export const ticketShape: Shape = {
  header: { ...placesAndDevices, nt: upTo(8), nx: upTo(8) },
  results: ["bos", "lk", "acq", "ex"],
  operations: (header: Devices) => {
    const c = within(0, 15);
    const sig = FLAG;
    return {
      create: creation(header),
      validate: { bo, c, nw, sig, ...places(header.mocks) },
      begin: { c },
      end: { c },
      lock: { c, bo, sig },
      reserve: { c, bo, sig },
      lock_slow: { c, bo, sig },
      trylock: { bo },
      unlock: { bo, tail },
      unlock_all: { c },
      exec_init: { c, flags: upTo(3) },
      exec_cleanup: { c },
      exec_lock: { c, bo, sig },
      exec_unlock: { c, bo },
      exec_fini: { c },
    };
  },
};

export const waiterShape: Shape = {
  header: { ...placesAndDevices, nt: upTo(8), nx: upTo(8), nn: upTo(8) },
  results: ["bos", "lk", "acq", "ex", "wl"],
  operations: (header: Devices) => {
    const c = within(0, 23);
    const intr = FLAG;
    return {
      create: creation(header),
      begin: { c },
      end: { c },
      lock: { c, bo, intr },
      reserve: { c, bo, intr },
      lock_slow: { c, bo, intr },
      trylock: { c, bo },
      unlock: { c, bo, tail },
      unlock_all: { c },
      interrupt: { c },
      exec_init: { c, flags: upTo(3) },
      exec_cleanup: { c },
      exec_lock: { c, bo },
      exec_unlock: { c, bo },
      exec_fini: { c },
    };
  },
};

const id = within(0, MANY);
const units = within(0, MANY);

export const mmShape: Shape = {
  header: { start: upTo(2 ** 52), size: within(1, 2 ** 52), color: FLAG },
  results: [],
  operations: () => ({
    insert: {
      id,
      size: units,
      align: upTo(MANY),
      color: upTo(MANY),
      lo: units,
      hi: units,
      mode: within(0, 2 ** 31 + 3),
    },
    reserve: { id, start: units, size: units, color: upTo(MANY) },
    remove: { id },
  }),
};

export const buddyShape: Shape = {
  header: { size: within(1, 2 ** 52), chunk: within(1, 2 ** 52) },
  results: [],
  operations: () => ({
    alloc: { id, start: units, end: units, size: units, min: units, flags: within(0, 63) },
    trim: { id, start: within(-1, MANY), new_size: units },
    free: { id, flags: within(0, 63) },
  }),
};

/** Makes a check of operations under a header; it returns them with defaults for missing fields. */
export function operationCheck(shape: Shape, header: unknown): (line: Line, number: number) => Line {
  const operations = shape.operations(header as never);
  return (line, number) => {
    const op = String(line["op"]);
    const fields = Object.hasOwn(operations, op) ? operations[op] : undefined;
    if (fields === undefined) {
      throw new TraceError(`There is no operation ${JSON.stringify(line["op"])} in its family`, number);
    }
    for (const name of shape.results) {
      const isTable = Array.isArray(line[name]) && (line[name] as unknown[]).every(Array.isArray);
      if (!isTable) throw new TraceError(`${op} has no list "${name}" of what is there after it`, number);
    }
    return complete(line, fields, op, number);
  };
}
