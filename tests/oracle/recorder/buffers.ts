import type { Dice } from "./dice.ts";
import type { Operation, State } from "./operations.ts";
import { alignment, type Chooser, placement, priority, size } from "./pieces.ts";
import type { Profile } from "./profiles.ts";
import { BULK, DEVICE, EXISTS, EXTERNAL, ID, PINS, POPULATED, SHARED, SYSTEM, TABLE, TT, USER, VRAM } from "./rows.ts";
import { SeenFences } from "./seen_fences.ts";
import { type BufferOperation, weightsOf } from "./weights.ts";

type Row = readonly number[];

/** Cached, write-combined, uncached. */
const CACHINGS = 3;

/** Family ttm, whose lines have fewer inputs and columns, and ttmf, ttms, ttmr, ttmb, ttmx and ttmc. */
export class Buffers implements Chooser {
  #family: string;
  #profile: Profile;
  #dice: Dice;
  #plain: boolean;
  #weights: Readonly<Record<BufferOperation, number>>;
  #rows: readonly Row[] = [];
  #next = 0;
  #fences = new SeenFences();

  constructor(family: string, profile: Profile, dice: Dice) {
    this.#family = family;
    this.#profile = profile;
    this.#dice = dice;
    this.#plain = family === "ttm";
    this.#weights = weightsOf(family, profile);
  }

  after(operation: Operation, state: State): void {
    this.#rows = state.bos ?? [];
    if (this.#profile.fences > 0) this.#fences.after(operation, state);
  }

  choose(): Operation | undefined {
    const { live } = this.#profile;
    const there = this.#mine().length;
    const { create, unref } = this.#weights;
    const few = { create: create * 2.5 };
    const many = { create: create * 0.3, unref: unref * 2 };
    const op = this.#dice.weighted({ ...this.#weights, ...(there < live >> 1 && few), ...(there > live && many) });
    return this.#choices[op]();
  }

  #choices: Readonly<Record<BufferOperation, () => Operation | undefined>> = {
    create: () => this.#create(),
    validate: () => this.#validate(),
    touch: () => this.#on("touch"),
    unref: () => this.#on("unref"),
    pin: () => this.#on("pin", this.#lonely(), (row) => at(row, PINS) < 3),
    unpin: () => this.#on("unpin", this.#lonely(), (row) => at(row, PINS) > 0),
    evict_first: () => ({ op: "evict_first", ...this.#evictable(), ...(this.#plain ? {} : this.#nw()) }),
    evict_all: () => ({ op: "evict_all", ...this.#evictable() }),
    addfence: () => this.#addFence(),
    signal: () => this.#signal(),
    wait: () => this.#on("wait", this.#nw()),
    flush: () => ({ op: "flush" }),
    drain: () => ({ op: "drain" }),
    populate: () => {
      const again = this.#dice.chance(0.1);
      const test = (row: Row) => has(row, EXISTS) && (!has(row, POPULATED) || again);
      return this.#on("populate", this.#nw(), test);
    },
    write: () => this.#on("write", { v: this.#dice.below(2 ** 32) }, isReadable),
    read: () => this.#on("read", {}, isReadable),
    swapout_dev: () => ({ op: "swapout_dev", dev: this.#device(), ...this.#nw(), held: this.#held() }),
    swapout_global: () => ({ op: "swapout_global", ...this.#nw(), held: this.#held() }),
    swapout: () => this.#swapOut(),
    bulk_tail: () => ({ op: "bulk_tail", rv: this.#dice.below(this.#profile.nresv) }),
    set_bulk: () => this.#setBulk(),
    submit: () => this.#submit(),
    setcaching: () => this.#on("setcaching", { ca: this.#dice.below(CACHINGS) }),
    setprio: () => this.#on("setprio", { prio: this.#dice.below(4) }),
    fail: () => ({ op: "fail", what: this.#dice.pick([0, 0, 1, 2]), n: this.#dice.pick([0, 1, 1, 2, 3]) }),
  };

  #create(): Operation {
    const [dice, profile] = [this.#dice, this.#profile];
    const bo = this.#next++;
    const shape = { pages: size(dice, profile), align: alignment(dice, profile), prio: priority(dice, profile) };
    if (this.#plain) return { op: "create", bo, ...shape, pl: placement(dice, profile) };
    const dev = this.#device();
    const rv = profile.nresv > 0 && dice.chance(profile.shared) ? dice.below(profile.nresv) : -1;
    const bulk = rv >= 0 && this.#bulkDevice(rv) === dev ? dice.bit(profile.bulk) : 0;
    const made = { op: "create", bo, dev, ...shape, rv, bulk, ...this.#context(rv), pl: placement(dice, profile) };
    if (this.#family === "ttmc") return { ...made, ca: dice.below(CACHINGS) };
    if (this.#family !== "ttmx") return made;
    // 1 is a kernel buffer, 2 one of a scatter list, which has a shared reservation.
    const type = dice.chance(profile.kinds) ? dice.pick([1, rv < 0 ? 1 : 2]) : 0;
    return { ...made, type };
  }

  #validate(): Operation | undefined {
    const row = this.#some();
    if (row === undefined) return undefined;
    const context = this.#plain ? {} : this.#context(at(row, SHARED));
    const pl = placement(this.#dice, this.#profile, this.#profile.purge);
    return { op: "validate", bo: at(row, ID), ...context, pl, held: this.#held(row) };
  }

  #submit(): Operation {
    const rv = this.#dice.below(this.#profile.nresv);
    const tail = this.#dice.bit(0.7);
    return { op: "submit", rv, tail, ...this.#context(rv), pl: placement(this.#dice, this.#profile) };
  }

  #addFence(): Operation | undefined {
    const { pending } = this.#fences;
    if (pending.length === 0 || !this.#dice.chance(0.2)) {
      const fence = { f: this.#fences.count, tl: this.#dice.between(1, 3) };
      return this.#on("addfence", { ...fence, usage: this.#dice.below(4) });
    }
    const f = this.#dice.pick(pending);
    return this.#on("addfence", { f, tl: this.#fences.timeline(f), usage: this.#dice.below(4) });
  }

  #signal(): Operation | undefined {
    const { pending } = this.#fences;
    if (pending.length === 0) return undefined;
    const error = this.#dice.chance(this.#profile.errors) ? { err: this.#dice.pick([-5, -125]) } : {};
    return { op: "signal", f: this.#dice.pick(pending), ...error };
  }

  #swapOut(): Operation {
    const { tt, vram_tt } = this.#profile;
    const mem = this.#dice.pick([SYSTEM, ...(tt > 0 ? [TT] : []), ...(vram_tt > 0 ? [VRAM] : [])]);
    const target = this.#dice.between(1, 30);
    return { op: "swapout", dev: this.#device(), mem, target, ...this.#nw(), held: this.#held() };
  }

  #setBulk(): Operation | undefined {
    const row = this.#some((row) => at(row, SHARED) >= 0 && this.#bulkDevice(at(row, SHARED)) === at(row, DEVICE));
    if (row === undefined) return undefined;
    const isMember = at(row, BULK) >= 0;
    return { op: "set_bulk", bo: at(row, ID), on: isMember !== this.#dice.chance(0.8) ? 1 : 0 };
  }

  /** Buffers with a reference. */
  #mine(): readonly Row[] {
    return this.#plain ? this.#rows : this.#rows.filter((row) => at(row, USER) === 1);
  }

  #some(test: (row: Row) => boolean = () => true): Row | undefined {
    const found = this.#mine().filter(test);
    return found.length === 0 ? undefined : this.#dice.pick(found);
  }

  #on(op: string, inputs: Partial<Operation> = {}, test: (row: Row) => boolean = () => true): Operation | undefined {
    const row = this.#some(test);
    return row === undefined ? undefined : { ...inputs, op, bo: at(row, ID) };
  }

  /** Buffers that another holder has locked during the call; each reservation once. */
  #held(but?: Row): number[] {
    if (!this.#dice.chance(this.#profile.held)) return [];
    const reservation = (row: Row) => this.#plain || at(row, SHARED) < 0 ? `bo ${row[ID]}` : `rv ${row[SHARED]}`;
    const taken = new Set(but === undefined ? [] : [reservation(but)]);
    const others = this.#dice.shuffled(this.#mine()).slice(0, this.#dice.between(1, 4));
    return others.filter((row) => !taken.has(reservation(row)) && taken.add(reservation(row))).map((row) =>
      at(row, ID)
    );
  }

  #context(rv: number): Partial<Operation> {
    const { are, cd, fences } = this.#profile;
    const [evicts, signalled] = [this.#dice.bit(are), this.#dice.bit(cd)];
    return { are: rv >= 0 ? evicts : 0, ...this.#nw(), cd: fences > 0 ? signalled : 0 };
  }

  #nw(): Partial<Operation> {
    return { nw: this.#dice.bit(this.#profile.nw) };
  }

  #lonely(): Partial<Operation> {
    return this.#plain ? {} : { tail: this.#dice.bit(1 - this.#profile.lonelyPin) };
  }

  #device(): number {
    return this.#dice.below(this.#profile.ndev);
  }

  #evictable(): Partial<Operation> {
    const mem = this.#profile.tt > 0 ? this.#dice.pick([VRAM, VRAM, TT]) : VRAM;
    return this.#plain ? { mem } : { dev: this.#device(), mem };
  }

  /** The device whose buffers may join the bulk move of a reservation, which is one device's. */
  #bulkDevice(rv: number): number {
    return rv % this.#profile.ndev;
  }
}

function at(row: Row, column: number): number {
  return row[column] ?? -1;
}

function has(row: Row, bit: number): boolean {
  return (at(row, TABLE) & bit) !== 0;
}

function isReadable(row: Row): boolean {
  return has(row, POPULATED) && !has(row, EXTERNAL);
}
