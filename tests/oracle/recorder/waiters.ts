import type { Dice } from "./dice.ts";
import type { Operation, State } from "./operations.ts";
import { alignment, type Chooser, placement, priority } from "./pieces.ts";
import type { Profile } from "./profiles.ts";
import { ID, SHARED } from "./rows.ts";

/** How often each operation is chosen, where there are threads that can do it. */
const WEIGHTS = {
  ...{ begin: 8, end: 2.5, lock: 30, reserve: 12, lock_slow: 12, trylock: 3, unlock: 13, unlock_all: 9, create: 0.4 },
  ...{ exec_init: 8, exec_cleanup: 14, exec_lock: 34, exec_unlock: 3, exec_fini: 6, interrupt: 0 },
};
const EDEADLK = -35;
/** Flag of an exec that ignores duplicates. */
const IGNORE_DUPLICATES = 2;

/** Where an exec is in its loop; none: before its init. */
type Phase = "none" | "new" | "open" | "contended" | "done";
type Choices = Readonly<Record<keyof typeof WEIGHTS, () => Operation | undefined>>;

/**
 * Family ttmw: threads that sleep for locks. Threads 0 to nt - 1 have tickets, the next nx are those of `drm_exec`, and the
 * last nn lock without a ticket. Who sleeps is asked for nothing but to be interrupted.
 */
export class Waiters implements Chooser {
  #profile: Profile;
  #dice: Dice;
  #state: State = {};
  #next = 0;
  #calls = new Map<number, Operation>();
  #phases = new Map<number, Phase>();
  #flags = new Map<number, number>();
  /** What a ticket has to wait for after it has given way. */
  #contended = new Map<number, number>();

  constructor(profile: Profile, dice: Dice) {
    this.#profile = profile;
    this.#dice = dice;
  }

  choose(): Operation | undefined {
    const { bos, interrupts } = this.#profile;
    const count = this.#state.bos?.length ?? 0;
    if (this.#next < bos || count === 0) return this.#create();
    const create = count < bos ? WEIGHTS.create : 0;
    return this.#choices[this.#dice.weighted({ ...WEIGHTS, create, interrupt: interrupts })]();
  }

  after(operation: Operation, state: State): void {
    this.#state = state;
    const { c = -1, op } = operation;
    if (op !== "interrupt") this.#calls.set(c, operation);
    for (const [thread, ret] of state.ends ?? []) {
      const call = this.#calls.get(thread);
      if (call !== undefined) this.#ended(thread, call, ret);
    }
  }

  #ended(c: number, { bo = -1, flags = 0, op }: Operation, ret: number): void {
    if (op === "exec_init") {
      this.#phases.set(c, "new");
      this.#flags.set(c, flags);
    }
    if (op === "exec_fini") this.#phases.set(c, "none");
    if (op === "exec_cleanup") this.#phases.set(c, ret === 1 ? "open" : "done");
    if (op === "exec_lock" && ret === EDEADLK) this.#phases.set(c, "contended");
    if (ret === EDEADLK) this.#contended.set(c, bo);
  }

  #choices: Choices = {
    create: () => this.#create(),
    begin: () => this.#by("begin", this.#tickets(false)),
    end: () => this.#by("end", this.#tickets(true).filter((c) => this.#acquired().get(c) === 0)),
    lock: () => this.#lock("lock"),
    reserve: () => this.#lock("reserve"),
    lock_slow: () => {
      const idle = this.#tickets(true).filter((c) => this.#acquired().get(c) === 0);
      const backed = idle.filter((c) => this.#contended.has(c));
      const chosen = this.#by("lock_slow", backed.length > 0 ? backed : idle);
      if (chosen?.c === undefined) return undefined;
      const bo = this.#contended.get(chosen.c) ?? this.#buffer();
      this.#contended.delete(chosen.c);
      return { ...chosen, bo, intr: this.#dice.bit(this.#profile.intr) };
    },
    trylock: () => this.#by("trylock", this.#awake(this.#nobodies()), { bo: this.#buffer() }),
    unlock: () => {
      const held = (this.#state.lk ?? []).filter(([, c]) => !this.#isExec(c) && this.#awake([c]).length > 0);
      if (held.length === 0) return undefined;
      const [bo, c] = this.#dice.pick(held);
      return { op: "unlock", c, bo, tail: this.#dice.bit(0.5) };
    },
    unlock_all: () => {
      const holders = [...new Set((this.#state.lk ?? []).map(([, c]) => c))].filter((c) => !this.#isExec(c));
      return this.#by("unlock_all", this.#awake(holders));
    },
    interrupt: () => this.#by("interrupt", this.#state.wt ?? []),
    exec_init: () => this.#by("exec_init", this.#in("none"), { flags: this.#dice.below(4) }),
    exec_cleanup: () => {
      const operation = this.#by("exec_cleanup", this.#in("new", "contended", "contended", "open"));
      const isEarly = operation !== undefined && this.#phase(operation.c ?? -1) === "open";
      return isEarly && this.#dice.chance(0.75) ? undefined : operation;
    },
    exec_lock: () => this.#execLock(),
    exec_unlock: () => {
      const open = this.#in("open");
      const lists = (this.#state.ex ?? []).filter(([c, objects]) => open.includes(c) && objects.length > 0);
      if (lists.length === 0) return undefined;
      const [c, objects] = this.#dice.pick(lists);
      return { op: "exec_unlock", c, bo: objects.at(-1) as number };
    },
    exec_fini: () => {
      const operation = this.#by("exec_fini", this.#in("done", "done", "open", "contended", "new"));
      const isEarly = operation !== undefined && this.#phase(operation.c ?? -1) !== "done";
      return isEarly && this.#dice.chance(0.6) ? undefined : operation;
    },
  };

  #create(): Operation {
    const [dice, profile] = [this.#dice, this.#profile];
    const pages = dice.chance(profile.over) ? profile.vram + dice.between(1, 4) : dice.between(1, 4);
    const shape = { pages, align: alignment(dice, profile), prio: priority(dice, profile) };
    const rv = dice.chance(profile.nresv > 0 ? profile.shared : 0) ? dice.below(profile.nresv) : -1;
    const own = { rv, bulk: 0, are: 0, nw: 0, cd: 0 };
    return { op: "create", bo: this.#next++, dev: 0, ...shape, ...own, pl: placement(dice, profile) };
  }

  #lock(op: string): Operation | undefined {
    const threads = this.#awake([...this.#tickets(true), ...this.#nobodies()]);
    return this.#by(op, threads, { bo: this.#buffer(), intr: this.#dice.bit(this.#profile.intr) });
  }

  #execLock(): Operation | undefined {
    const chosen = this.#by("exec_lock", this.#in("open"));
    if (chosen === undefined) return undefined;
    const [, , contended = -1, prelocked = -1] = this.#state.ex?.find(([c]) => c === chosen.c) ?? [0, []];
    let bo = this.#buffer();
    // It locks that one first. If it has to sleep for it, it must not go on beside others who have been woken.
    const sleeps = (this.#state.lk ?? []).some(([locked]) => locked === contended);
    if (contended >= 0 && (sleeps || this.#dice.chance(0.5))) bo = contended;
    if (prelocked >= 0 && this.#dice.chance(0.4)) bo = prelocked;
    // The kernel would say that it is locked, and unlock it at the end of the loop.
    const isLost = [contended, prelocked].some((first) => first !== bo && this.#areSiblings(first, bo));
    const ignores = ((this.#flags.get(chosen.c ?? -1) ?? 0) & IGNORE_DUPLICATES) !== 0;
    return isLost && ignores ? undefined : { ...chosen, bo };
  }

  /** Whether two buffers have one shared reservation. */
  #areSiblings(bo: number, other: number): boolean {
    const of = (id: number) => this.#state.bos?.find((row) => row[ID] === id)?.[SHARED] ?? -1;
    return of(bo) >= 0 && of(bo) === of(other);
  }

  #by(op: string, threads: readonly number[], inputs: Partial<Operation> = {}): Operation | undefined {
    return threads.length === 0 ? undefined : { ...inputs, op, c: this.#dice.pick(threads) };
  }

  #acquired(): ReadonlyMap<number, number> {
    return new Map(this.#state.acq);
  }

  /** Threads with a ticket that is live or not, and that do not sleep. */
  #tickets(isLive: boolean): number[] {
    const live = this.#acquired();
    return this.#awake(numbers(0, this.#profile.nt).filter((c) => live.has(c) === isLive));
  }

  #isExec(c: number): boolean {
    const { nt, nx } = this.#profile;
    return c >= nt && c < nt + nx;
  }

  #nobodies(): number[] {
    const { nn, nt, nx } = this.#profile;
    return numbers(nt + nx, nt + nx + nn);
  }

  #phase(c: number): Phase {
    return this.#phases.get(c) ?? "none";
  }

  #in(...phases: readonly Phase[]): number[] {
    const { nt, nx } = this.#profile;
    const execs = this.#awake(numbers(nt, nt + nx));
    return phases.flatMap((phase) => execs.filter((c) => this.#phase(c) === phase));
  }

  #awake(threads: readonly number[]): number[] {
    return threads.filter((c) => !this.#state.wt?.includes(c));
  }

  #buffer(): number {
    return this.#dice.pick(this.#state.bos ?? [])[ID] as number;
  }
}

function numbers(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, at) => from + at);
}
