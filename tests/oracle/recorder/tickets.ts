import type { Dice } from "./dice.ts";
import type { Operation, State } from "./operations.ts";
import { alignment, type Chooser, placement, priority } from "./pieces.ts";
import type { Profile } from "./profiles.ts";
import { ID, MEMORY, SYSTEM } from "./rows.ts";

/** How often each operation is chosen; a second table where there is drm_exec. */
const WEIGHTS = {
  ...{ begin: 6, lock: 22, unlock_all: 10, trylock: 3, lock_slow: 10, validate: 33, reserve: 12, unlock: 6, end: 2.5 },
  create: 0.6,
};
const EXEC_WEIGHTS = { exec_init: 8, exec_cleanup: 16, exec_lock: 34, exec_unlock: 3, exec_fini: 5 };
/** A lock whose holder has no ticket. */
const NOBODY = -2;
/** Flag of an exec whose waits can be interrupted. */
const INTERRUPTIBLE = 1;

/** Where an exec is in its loop: before its first cleanup, in the loop, after a contention, after the loop. */
type Phase = "new" | "open" | "contended" | "done";
interface Exec {
  phase: Phase;
  readonly flags: number;
}
type Choices = Readonly<Record<keyof typeof WEIGHTS | keyof typeof EXEC_WEIGHTS, () => Operation | undefined>>;

/** Family ttmt: tickets 0 to nt - 1, then nx of drm_exec. Operations that would sleep are not chosen. */
export class Tickets implements Chooser {
  #profile: Profile;
  #dice: Dice;
  #state: State = {};
  #next = 0;
  #clock = 0;
  #age = new Map<number, number>();
  #execs = new Map<number, Exec>();

  constructor(profile: Profile, dice: Dice) {
    this.#profile = profile;
    this.#dice = dice;
  }

  choose(): Operation | undefined {
    const { bos, nx } = this.#profile;
    if (this.#next < bos) return this.#create();
    const isFull = (this.#state.bos?.length ?? 0) >= bos;
    const weights = { ...WEIGHTS, ...(isFull && { create: 0 }) };
    return this.#choices[this.#dice.weighted(nx > 0 ? { ...weights, ...EXEC_WEIGHTS } : weights)]();
  }

  after({ c = 0, flags = 0, op }: Operation, state: State): void {
    this.#state = state;
    const exec = this.#execs.get(c);
    if (op === "begin" || op === "exec_cleanup" && exec?.phase === "new") this.#age.set(c, this.#clock++);
    if (op === "exec_init") this.#execs.set(c, { phase: "new", flags });
    if (op === "exec_fini") this.#execs.delete(c);
    if (exec === undefined) return;
    if (op === "exec_cleanup") exec.phase = state.ret === 1 ? "open" : "done";
    if (op === "exec_lock" && state.ret === -35) exec.phase = "contended";
  }

  #choices: Choices = {
    create: () => this.#create(),
    begin: () => {
      const live = this.#acquired();
      return this.#with("begin", numbers(0, this.#profile.nt).filter((c) => !live.has(c)));
    },
    end: () => this.#with("end", this.#idle()),
    lock: () => this.#lock("lock"),
    reserve: () => this.#lock("reserve"),
    lock_slow: () => {
      const bo = this.#buffer();
      return this.#locks().has(bo) ? undefined : this.#with("lock_slow", this.#idle(), { bo, sig: this.#signal() });
    },
    trylock: () => ({ op: "trylock", bo: this.#buffer() }),
    unlock: () => {
      const mine = [...this.#locks()].filter(([, holder]) => holder < this.#profile.nt).map(([bo]) => bo);
      return mine.length === 0 ? undefined : { op: "unlock", bo: this.#dice.pick(mine), tail: this.#dice.bit(0.5) };
    },
    unlock_all: () => this.#with("unlock_all", this.#tickets()),
    validate: () => this.#validate(),
    exec_init: () => {
      const { nt, nx } = this.#profile;
      const dead = numbers(nt, nt + nx).filter((x) => !this.#execs.has(x));
      return this.#with("exec_init", dead, { flags: this.#dice.below(4) });
    },
    exec_cleanup: () => {
      const operation = this.#with("exec_cleanup", this.#in("new", "contended", "contended", "open"));
      const early = operation !== undefined && this.#execs.get(operation.c ?? -1)?.phase === "open";
      return early && this.#dice.chance(0.75) ? undefined : operation;
    },
    exec_lock: () => this.#execLock(),
    exec_unlock: () => {
      const lists = (this.#state.ex ?? []).filter(([x, objects]) =>
        this.#execs.get(x)?.phase === "open" && objects.length > 0
      );
      if (lists.length === 0) return undefined;
      const [c, objects] = this.#dice.pick(lists);
      return { op: "exec_unlock", c, bo: objects.at(-1) as number };
    },
    exec_fini: () => {
      const operation = this.#with("exec_fini", this.#in("done", "done", "open", "contended", "new"));
      const early = operation !== undefined && this.#execs.get(operation.c ?? -1)?.phase !== "done";
      return early && this.#dice.chance(0.6) ? undefined : operation;
    },
  };

  #create(): Operation {
    const [dice, profile] = [this.#dice, this.#profile];
    const shape = { pages: this.#size(), align: alignment(dice, profile), prio: priority(dice, profile) };
    const own = { rv: -1, bulk: 0, are: 0, nw: 0, cd: 0 };
    return { op: "create", bo: this.#next++, dev: 0, ...shape, ...own, pl: placement(dice, profile) };
  }

  #size(): number {
    const { over, tt, vram } = this.#profile;
    if (this.#dice.chance(over)) return (tt > 0 && this.#dice.chance(0.4) ? tt : vram) + this.#dice.between(1, 4);
    return this.#dice.chance(0.03) ? this.#dice.between(1, vram + 1) : this.#dice.pick([2, 2, 3, 3, 4, 5, 6]);
  }

  #lock(op: string): Operation | undefined {
    const tickets = this.#tickets();
    if (tickets.length === 0) return undefined;
    const [c, bo, sig] = [this.#dice.pick(tickets), this.#buffer(), this.#signal()];
    return this.#sleeps(bo, c, sig === 1) ? undefined : { op, c, bo, sig };
  }

  #validate(): Operation | undefined {
    const held = [...this.#locks()].filter(([, holder]) => holder >= 0);
    if (held.length === 0) return undefined;
    const [bo, c] = this.#dice.pick(held);
    const sig = this.#signal();
    const memory = new Map(this.#state.bos?.map((row) => [row[ID], row[MEMORY] ?? SYSTEM]));
    // Evicting a buffer held under a younger ticket, or without one, would sleep.
    const sleeps = sig === 0 &&
      [...this.#locks()].some(([other, holder]) =>
        holder !== c && (memory.get(other) ?? SYSTEM) > SYSTEM && (holder === NOBODY || this.#isOlder(c, holder))
      );
    const nw = sleeps ? 1 : this.#dice.bit(this.#profile.nw);
    return { op: "validate", bo, c, nw, sig, pl: placement(this.#dice, this.#profile, this.#profile.purge / 3) };
  }

  #execLock(): Operation | undefined {
    const open = this.#in("open");
    if (open.length === 0) return undefined;
    const c = this.#dice.pick(open);
    const [, , contended = -1, prelocked = -1] = this.#state.ex?.find(([x]) => x === c) ?? [c, []];
    const [any, sig] = [this.#buffer(), this.#signal()];
    let bo = any;
    if (contended >= 0 && this.#dice.chance(0.5)) bo = contended;
    if (prelocked >= 0 && this.#dice.chance(0.4)) bo = prelocked;
    const operation = { op: "exec_lock", c, bo, sig };
    const breaks = sig === 1 && ((this.#execs.get(c)?.flags ?? 0) & INTERRUPTIBLE) !== 0;
    // It begins with a lock of the contended buffer, for which it may sleep.
    if (contended >= 0 && this.#locks().has(contended) && !breaks) return undefined;
    if (bo === contended || bo === prelocked) return operation;
    return this.#sleeps(bo, c, breaks, contended >= 0 ? 1 : 0) ? undefined : operation;
  }

  /** Whether a ticket would sleep for a buffer, after `more` locks. */
  #sleeps(bo: number, c: number, interrupted: boolean, more = 0): boolean {
    const holder = this.#locks().get(bo);
    if (holder === undefined || holder === c || interrupted) return false;
    return (this.#acquired().get(c) ?? 0) + more === 0 || holder === NOBODY || this.#isOlder(c, holder);
  }

  #isOlder(c: number, other: number): boolean {
    return (this.#age.get(c) ?? 0) < (this.#age.get(other) ?? 0);
  }

  #with(op: string, choices: readonly number[], inputs: Partial<Operation> = {}): Operation | undefined {
    return choices.length === 0 ? undefined : { ...inputs, op, c: this.#dice.pick(choices) };
  }

  #in(...phases: readonly Phase[]): number[] {
    const found = (phase: Phase) => [...this.#execs].filter(([, exec]) => exec.phase === phase).map(([x]) => x);
    return phases.flatMap(found);
  }

  #locks(): ReadonlyMap<number, number> {
    return new Map(this.#state.lk);
  }

  #acquired(): ReadonlyMap<number, number> {
    return new Map(this.#state.acq);
  }

  /** Live tickets except those of execs. */
  #tickets(): number[] {
    return [...this.#acquired().keys()].filter((c) => c < this.#profile.nt);
  }

  /** Tickets that hold no lock. */
  #idle(): number[] {
    return this.#tickets().filter((c) => this.#acquired().get(c) === 0);
  }

  #buffer(): number {
    return this.#dice.pick(this.#state.bos ?? [])[ID] as number;
  }

  #signal(): 0 | 1 {
    return this.#dice.bit(this.#profile.sig);
  }
}

function numbers(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, at) => from + at);
}
