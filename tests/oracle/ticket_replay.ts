import { AcquireTicket, type BufferObject } from "@ttm/core";
import { type MachineOperation, MachineReplayer } from "./machine_replay.ts";
import { ERRNO, outcomeOf, placementOf } from "./recording.ts";
import { RecordedExec } from "./recorded_exec.ts";
import { ImpossibleOperation } from "./trace.ts";

/** Any line of a ttmt trace but the first. */
export interface TicketOperation extends MachineOperation {
  /** The ticket. */
  readonly c: number;
  /** Whether a signal is pending, which interrupts a call that has to wait. */
  readonly sig: 0 | 1;
  /** Of an exec: 1 interruptible, 2 duplicates are ignored. */
  readonly flags: number;
}

const INTERRUPTED = Symbol("interrupted");
const EINTR = -4;
const EBUSY = -16;
const ERESTARTSYS = -512;
const WITHOUT_TICKET = -2;

/** Replays tickets: which lock calls succeed or back off, and how a validate under a ticket treats victims. */
export class TicketReplayer extends MachineReplayer {
  #tickets = new Map<number, AcquireTicket>();
  #execs = new Map<number, RecordedExec>();

  protected override state(): object {
    return {
      lk: this.#locks(),
      acq: this.#liveTickets().map(([id, ticket]) => [id, ticket.acquired]),
      ex: [...this.#execs].sort(([a], [b]) => a - b).map(([id, exec]) => [id, ...this.#describe(exec)]),
    };
  }

  protected override perform(operation: TicketOperation): Promise<number> | number {
    const { op, c, bo, sig, tail } = operation;
    const buffer = () => this.named(bo).buffer;
    switch (op) {
      case "create":
        return this.create(operation);
      case "begin":
        this.#tickets.set(c, new AcquireTicket());
        return 0;
      case "end":
        this.#tickets.delete(c);
        return 0;
      case "lock":
      case "lock_slow":
        return this.#lock(buffer(), this.#ticket(c), sig === 1 ? EINTR : EBUSY);
      case "reserve":
        return this.#lock(buffer(), this.#ticket(c), sig === 1 ? ERESTARTSYS : EBUSY);
      case "trylock":
        return buffer().tryReserve() ? 0 : EBUSY;
      case "unlock":
        return this.#unlock(buffer(), tail === 1);
      case "unlock_all":
        for (const held of this.#heldBy(this.#ticket(c))) held.unlock();
        return 0;
      case "validate":
        return this.#validate(buffer(), operation);
      case "exec_init":
        this.#execs.set(c, new RecordedExec(operation.flags));
        return 0;
      case "exec_fini":
        this.#exec(c).exec.finish();
        this.#execs.delete(c);
        return 0;
      case "exec_cleanup":
        return this.#exec(c).cleanup();
      case "exec_lock":
        return this.#exec(c).lock(buffer(), sig === 1);
      default:
        this.#exec(c).exec.unlock(buffer());
        return 0;
    }
  }

  /** An interrupted call fails only where it would have to wait or to back off. */
  async #lock(buffer: BufferObject, ticket: AcquireTicket, whenInterrupted: number): Promise<number> {
    const interrupted = whenInterrupted !== EBUSY;
    const ret = await outcomeOf(() => buffer.tryReserve(ticket), whenInterrupted);
    return interrupted && ret === ERRNO["EDEADLK"] ? whenInterrupted : ret;
  }

  #unlock(buffer: BufferObject, toTail: boolean): number {
    if (toTail) buffer.unreserve();
    else buffer.unlock();
    return 0;
  }

  /** A pending signal affects only a search for victims that would have to wait. */
  async #validate(buffer: BufferObject, { pl, nw, sig }: TicketOperation): Promise<number> {
    const interrupt = new AbortController();
    const { signal } = interrupt;
    if (sig === 1) this.machine.onWalk = () => interrupt.abort(INTERRUPTED);
    const ret = await outcomeOf(
      () => whenNot(INTERRUPTED, buffer.validate(placementOf(pl), { noWait: nw === 1, signal })),
      EINTR,
    );
    this.machine.onWalk = () => {};
    return ret;
  }

  /** Tickets, and those of execs whose loop has begun, by number. */
  #liveTickets(): [number, AcquireTicket][] {
    const execs = [...this.#execs].filter(([, { begun }]) => begun).map(([id, { exec }]) => [id, exec.ticket] as const);
    return [...this.#tickets, ...execs].map(([id, ticket]): [number, AcquireTicket] => [id, ticket])
      .sort(([a], [b]) => a - b);
  }

  #describe({ exec }: RecordedExec): unknown[] {
    const id = (buffer: BufferObject | null) => buffer === null ? -1 : this.machine.id(buffer);
    return [exec.buffers.map(id), id(exec.contended), id(exec.prelocked)];
  }

  #exec(id: number): RecordedExec {
    const exec = this.#execs.get(id);
    if (exec === undefined) throw new ImpossibleOperation(`Exec ${id} is not there`);
    return exec;
  }

  #locks(): [number, number][] {
    const ids = new Map(this.#liveTickets().map(([id, ticket]) => [ticket, id]));
    return this.#locked()
      .map(([id, { reservation: { holder } }]) => [id, holder === null ? WITHOUT_TICKET : ids.get(holder) ?? NaN]);
  }

  #heldBy(ticket: AcquireTicket): BufferObject[] {
    return this.#locked().map(([, buffer]) => buffer).filter((buffer) => buffer.reservation.holder === ticket);
  }

  #locked(): [number, BufferObject][] {
    const buffers = [...this.buffers].map(([id, { buffer }]): [number, BufferObject] => [id, buffer]);
    return buffers.filter(([, buffer]) => !buffer.disposed && buffer.reserved);
  }

  #ticket(id: number): AcquireTicket {
    const ticket = this.#tickets.get(id);
    if (ticket === undefined) throw new ImpossibleOperation(`Ticket ${id} is not there`);
    return ticket;
  }
}

/** Returns false if the promise is rejected with this reason. */
function whenNot(reason: unknown, promise: Promise<void>): Promise<unknown> {
  return promise.catch((error) => {
    if (error !== reason) throw error;
    return false;
  });
}
