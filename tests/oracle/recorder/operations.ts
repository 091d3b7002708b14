/** A place as traces write it: memory type, first page, end page, flags. */
export type Place = readonly [memoryType: number, fpfn: number, lpfn: number, flags: number];

/** The inputs of operations that are one number. */
export type Field =
  | "bo"
  | "dev"
  | "mem"
  | "pages"
  | "align"
  | "prio"
  | "rv"
  | "bulk"
  | "are"
  | "nw"
  | "cd"
  | "type"
  | "tail"
  | "target"
  | "f"
  | "tl"
  | "usage"
  | "err"
  | "v"
  | "on"
  | "what"
  | "n"
  | "c"
  | "sig"
  | "intr"
  | "ca"
  | "flags"
  | "id"
  | "start"
  | "end"
  | "size"
  | "min"
  | "new_size"
  | "color"
  | "lo"
  | "hi"
  | "mode";

/** An operation for the kernel; missing members have their defaults. */
export type Operation =
  & { readonly op: string; readonly pl?: readonly Place[]; readonly held?: readonly number[] }
  & {
    readonly [F in Field]?: number;
  };

/** The first line of a trace or a script. */
export interface Header {
  readonly kind: string;
  readonly [name: string]: number | string;
}

/** The parts of the kernel's answer that are read. */
export interface State {
  readonly ret?: number;
  /** Rows of buffers. */
  readonly bos?: readonly (readonly number[])[];
  /** Calls of the move hook, and waits as `["w", fence]`. */
  readonly ev?: readonly (readonly (number | string)[])[];
  /** Locked buffers and who holds them, tickets and their locks, lists of `drm_exec`. */
  readonly lk?: readonly (readonly [number, number])[];
  readonly acq?: readonly (readonly [number, number])[];
  readonly ex?: readonly (readonly [number, readonly number[], number, number])[];
  /** Calls of threads that have ended, with their results; the threads that sleep for a lock. */
  readonly ends?: readonly (readonly [number, number])[];
  readonly wt?: readonly number[];
  /** Of a buddy allocator. */
  readonly blocks?: readonly (readonly number[])[];
  readonly avail?: number;
}

/** Results of operations that were not done: they would have slept for a lock, or name an unknown object. */
const NOT_DONE: readonly unknown[] = [-999, -998];

/** The members of a header that are sent to the kernel, in its order. */
const WORLD = [
  ..."vram tt evict hop pipeline fences ndev limit buddy vram_tt nresv nt nx mocks nn".split(" "),
];

const CREATE = "bo dev pages align prio rv bulk are nw cd pl type";
const BUFFER_OPERATIONS = inputsOf({
  create: CREATE,
  validate: "bo are nw cd pl held",
  touch: "bo",
  unref: "bo",
  pin: "bo tail",
  unpin: "bo tail",
  evict_first: "dev mem nw",
  evict_all: "dev mem",
  addfence: "bo f tl usage",
  signal: "f err",
  wait: "bo nw",
  flush: "",
  drain: "",
  populate: "bo nw",
  write: "bo v",
  read: "bo",
  swapout_dev: "dev nw held",
  swapout_global: "nw held",
  swapout: "dev mem target nw held",
  bulk_tail: "rv",
  set_bulk: "bo on",
  submit: "rv are tail nw cd pl",
  setprio: "bo prio",
  fail: "what n",
});
const CACHING_OPERATIONS: Inputs = {
  ...BUFFER_OPERATIONS,
  ...inputsOf({ create: `${CREATE} ca`, setcaching: "bo ca" }),
};
const TICKET_OPERATIONS = inputsOf({
  create: CREATE,
  validate: "bo c nw sig pl",
  begin: "c",
  end: "c",
  lock: "c bo sig",
  reserve: "c bo sig",
  lock_slow: "c bo sig",
  trylock: "bo",
  unlock: "bo tail",
  unlock_all: "c",
  exec_init: "c flags",
  exec_cleanup: "c",
  exec_lock: "c bo sig",
  exec_unlock: "c bo",
  exec_fini: "c",
});
const WAITER_OPERATIONS = inputsOf({
  create: CREATE,
  begin: "c",
  end: "c",
  lock: "c bo intr",
  reserve: "c bo intr",
  lock_slow: "c bo intr",
  trylock: "c bo",
  unlock: "c bo tail",
  unlock_all: "c",
  interrupt: "c",
  exec_init: "c flags",
  exec_cleanup: "c",
  exec_lock: "c bo",
  exec_unlock: "c bo",
  exec_fini: "c",
});
const RANGE_OPERATIONS = inputsOf({
  insert: "id size align color lo hi mode",
  reserve: "id start size color",
  remove: "id",
});
const BLOCK_OPERATIONS = inputsOf({
  alloc: "id start end size min flags",
  trim: "id start new_size",
  free: "id flags",
});

/** Defaults other than 0 of missing members, by family. */
const USUAL: Readonly<Record<string, number>> = { rv: -1, tail: 1 };
/** Inputs that traces write only where a script gives them. */
const OPTIONAL: ReadonlySet<string> = new Set(["type", "err"]);

/** Inputs that are the number of an object, so that 0 is not a default. */
const NUMBERS: ReadonlySet<string> = new Set(["bo", "f", "c", "id", "mem"]);

/** Inputs of operations in the order of the kernel's lines. */
type Inputs = Readonly<Record<string, readonly (Field | "pl" | "held")[]>>;

function inputsOf(names: Readonly<Record<string, string>>): Inputs {
  const split = (text: string) => text.split(" ").filter((name) => name !== "") as (Field | "pl" | "held")[];
  return Object.fromEntries(Object.entries(names).map(([op, text]) => [op, split(text)]));
}

function inputs(kind: string, { op }: Operation): Inputs[string] {
  const families: Readonly<Record<string, Inputs>> = {
    mm: RANGE_OPERATIONS,
    buddy: BLOCK_OPERATIONS,
    ttmc: CACHING_OPERATIONS,
    ttmt: TICKET_OPERATIONS,
    ttmw: WAITER_OPERATIONS,
  };
  const found = (families[kind] ?? BUFFER_OPERATIONS)[op];
  if (found === undefined) throw new Error(`Cannot record operation "${op}": traces of kind "${kind}" have none`);
  return found;
}

/** The kernel's line for one operation; `dump` asks an allocator for all of its state. */
export function requestOf(kind: string, operation: Operation, dump: boolean): string {
  const words: (string | number)[] = [operation.op];
  if (kind === "mm" || kind === "buddy") words.push(dump ? 1 : 0);
  for (const name of inputs(kind, operation)) {
    if (name === "pl") words.push(operation.pl?.length ?? 0, ...(operation.pl ?? []).flat());
    else if (name === "held") words.push(operation.held?.length ?? 0, ...(operation.held ?? []));
    else words.push(operation[name] ?? USUAL[name] ?? 0);
  }
  return words.join(" ");
}

/** The line that makes the world of a header. */
export function worldOf(header: Header): string {
  const of = (names: readonly string[]) => names.map((name) => header[name] ?? (name === "ndev" ? 1 : 0));
  if (header.kind === "mm") return ["new mm", ...of(["start", "size", "color"])].join(" ");
  if (header.kind === "buddy") return ["new buddy", ...of(["size", "chunk"])].join(" ");
  return [`new ${header.kind}`, ...of(WORLD)].join(" ");
}

/** The trace's line: number, operation and inputs, then the kernel's answer. */
export function lineOf(kind: string, i: number, operation: Operation, answer: string): string {
  const record: Record<string, unknown> = { i, op: operation.op };
  for (const name of inputs(kind, operation)) {
    // The kernel repeats the usage, after the sequence number that it has given to the fence.
    if (operation.op === "addfence" && name === "usage") continue;
    const value = operation[name];
    if (value !== undefined) record[name] = value;
    else if (kind !== "ttm" && !OPTIONAL.has(name)) {
      record[name] = name === "pl" || name === "held" ? [] : USUAL[name] ?? 0;
    }
  }
  return `${JSON.stringify(record).slice(0, -1)}${answer === "" ? "" : `,${answer}`}}`;
}

/** The operation and inputs of a trace's line, without the kernel's answer. */
export function operationOf(kind: string, record: Operation): Operation {
  const given = inputs(kind, record).filter((name) => record[name] !== undefined);
  return { op: record.op, ...Object.fromEntries(given.map((name) => [name, record[name]])) };
}

/** An operation as text, without inputs that have their default. */
export function textOf(kind: string, record: Operation): string {
  const { op, ...given } = operationOf(kind, record);
  const isUsual = (name: string, value: unknown) =>
    value === (USUAL[name] ?? 0) && !NUMBERS.has(name) || Array.isArray(value) && value.length === 0 && name !== "pl";
  const told = Object.entries(given).filter(([name, value]) => !isUsual(name, value));
  return [op, ...told.map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(" ");
}

/** Whether the kernel has done the operation. */
export function wasDone({ ret }: State): boolean {
  return !NOT_DONE.includes(ret);
}
