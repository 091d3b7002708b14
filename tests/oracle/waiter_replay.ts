import { AcquireTicket, type BufferObject, Exec, type Reservation, TtmError } from "@ttm/core";
import { ReplayClock } from "./clock.ts";
import type { MachineHeader } from "./machine.ts";
import { type MachineOperation, MachineReplayer } from "./machine_replay.ts";
import { ERRNO } from "./recording.ts";
import { ImpossibleOperation } from "./trace.ts";

/** Any line of a ttmw trace but the first. */
export interface WaiterOperation extends MachineOperation {
  /** The thread. */
  readonly c: number;
  /** Whether its wait can be interrupted. */
  readonly intr: 0 | 1;
  /** Of an exec: 1 interruptible, 2 duplicates are ignored. */
  readonly flags: number;
}

interface WaiterHeader extends MachineHeader {
  readonly nt: number;
  readonly nx: number;
  readonly nn: number;
}

const INTERRUPTED = Symbol("interrupted");
const EINTR = -4;
const EBUSY = -16;
const ERESTARTSYS = -512;
const INTERRUPTIBLE = 1;
const IGNORE_DUPLICATES = 2;

/** A thread of the recording. */
class Thread {
  /** Of its locks; null if it has none. */
  ticket: AcquireTicket | null = null;
  exec: Exec | null = null;
  isInterruptible = false;
  /** Whether the loop of its exec has begun. */
  begun = false;
  /** Of the call that it makes. */
  interrupt: AbortController | null = null;
}

/** Replays threads that sleep for locks: who gets a lock when it is given back, who has to give way, and when. */
export class WaiterReplayer extends MachineReplayer {
  #header: WaiterHeader;
  #threads: readonly Thread[];
  /** Who was the last to get each lock. */
  #holders = new Map<Reservation, Thread>();
  #ends: [Thread, number][] = [];
  #failures: unknown[] = [];
  // A lock that nobody gives back is no fault of the replay.
  #clock = new ReplayClock();

  constructor(header: WaiterHeader) {
    super(header);
    this.#header = header;
    this.#threads = Array.from({ length: header.nt + header.nx + header.nn }, () => new Thread());
  }

  override get clock(): ReplayClock {
    return this.#clock;
  }

  protected override state(): object {
    const buffers = [...this.buffers].map(([id, { buffer }]) => [id, buffer] as const)
      .filter(([, buffer]) => !buffer.disposed);
    const threads = [...this.#threads.entries()];
    const ends = this.#ends.map(([thread, ret]) => [this.#threads.indexOf(thread), ret] as const);
    this.#ends = [];
    return {
      ends: ends.sort(([a], [b]) => a - b),
      lk: buffers.filter(([, { reserved }]) => reserved).map((
        [id, buffer],
      ) => [id, this.#holderOf(buffer.reservation)]),
      acq: threads.filter(([, { begun, ticket }]) => ticket !== null && begun)
        .map(([c, { ticket }]) => [c, ticket?.acquired]),
      ex: threads.flatMap(([c, { exec }]) => exec === null ? [] : [[c, ...this.#describe(exec)]]),
      wt: threads.filter(([, { interrupt }]) => interrupt !== null).map(([c]) => c),
      wl: buffers.map(([id, { reservation }]) => [id, reservation.waiting]).filter(([, count]) => count !== 0),
    };
  }

  protected override async perform(operation: WaiterOperation): Promise<number> {
    if (operation.op === "create") return await this.create(operation);
    const thread = this.#threads[operation.c];
    if (thread === undefined) throw new ImpossibleOperation(`Thread ${operation.c} is not there`);
    if (operation.op === "interrupt") {
      if (thread.interrupt === null) throw new ImpossibleOperation(`Thread ${operation.c} does not sleep`);
      thread.interrupt.abort(INTERRUPTED);
    } else {
      if (thread.interrupt !== null) throw new ImpossibleOperation(`Thread ${operation.c} sleeps`);
      this.#call(thread, operation);
    }
    // Whoever can go on does so; the others sleep.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#failures.length > 0) throw this.#failures.shift();
    return 0;
  }

  #call(thread: Thread, operation: WaiterOperation): void {
    const interrupt = thread.interrupt = new AbortController();
    const whenInterrupted = operation.op === "reserve" ? ERESTARTSYS : EINTR;
    this.#act(thread, operation, interrupt.signal).catch((error) => {
      if (error === INTERRUPTED) return whenInterrupted;
      if (error instanceof TtmError) return ERRNO[error.code] ?? NaN;
      this.#failures.push(error);
      return NaN;
    }).then((ret) => {
      thread.interrupt = null;
      this.#ends.push([thread, ret]);
    });
  }

  /** A method that is async so that all that it throws rejects. */
  async #act(thread: Thread, operation: WaiterOperation, interrupt: AbortSignal): Promise<number> {
    const { bo, flags, intr, op, tail } = operation;
    const buffer = () => this.named(bo).buffer;
    switch (op) {
      case "begin":
        thread.ticket = new AcquireTicket();
        thread.begun = true;
        return 0;
      case "end":
        thread.ticket = null;
        return 0;
      case "lock":
      case "lock_slow":
      case "reserve":
        await buffer().reserve({
          ...(thread.ticket && { ticket: thread.ticket }),
          ...(intr === 1 && { signal: interrupt }),
        });
        this.#holders.set(buffer().reservation, thread);
        return 0;
      case "trylock":
        if (!buffer().tryReserve()) return EBUSY;
        this.#holders.set(buffer().reservation, thread);
        return 0;
      case "unlock":
        if (tail === 1) buffer().unreserve();
        else buffer().unlock();
        return 0;
      case "unlock_all":
        for (const held of this.#heldBy(thread)) held.unlock();
        return 0;
      case "exec_init":
        thread.exec = new Exec({ ignoreDuplicates: (flags & IGNORE_DUPLICATES) !== 0 });
        thread.ticket = thread.exec.ticket;
        thread.isInterruptible = (flags & INTERRUPTIBLE) !== 0;
        thread.begun = false;
        return 0;
      default:
        return await this.#actExec(thread, operation, interrupt);
    }
  }

  async #actExec(thread: Thread, { bo, op }: WaiterOperation, interrupt: AbortSignal): Promise<number> {
    const { exec, isInterruptible } = thread;
    if (exec === null) throw new ImpossibleOperation(`There is no exec to do ${op}`);
    switch (op) {
      case "exec_cleanup":
        thread.begun = true;
        return exec.cleanup() ? 1 : 0;
      case "exec_lock":
        await exec.lock(this.named(bo).buffer, isInterruptible ? { signal: interrupt } : {});
        return 0;
      case "exec_unlock":
        exec.unlock(this.named(bo).buffer);
        return 0;
      default:
        exec.finish();
        thread.exec = thread.ticket = null;
        return 0;
    }
  }

  #describe(exec: Exec): unknown[] {
    const id = (buffer: BufferObject | null) => buffer === null ? -1 : this.machine.id(buffer);
    return [exec.buffers.map(id), id(exec.contended), id(exec.prelocked)];
  }

  /** The thread that holds a lock: that of its ticket, or the last one whose call has got it. */
  #holderOf(reservation: Reservation): number {
    const { holder } = reservation;
    const thread = holder === null
      ? this.#holders.get(reservation)
      : this.#threads.find(({ ticket }) => ticket === holder);
    return thread === undefined ? -2 : this.#threads.indexOf(thread);
  }

  /** One buffer of each reservation that it holds. */
  #heldBy(thread: Thread): Iterable<BufferObject> {
    const c = this.#threads.indexOf(thread);
    const buffers = [...this.buffers.values()].map(({ buffer }) => buffer).filter((buffer) => !buffer.disposed);
    const held = buffers.filter(({ reservation, reserved }) => reserved && this.#holderOf(reservation) === c);
    return new Map(held.map((buffer) => [buffer.reservation, buffer])).values();
  }
}
