import { AcquireTicket, type BufferObject } from "@ttm/core";
import {
  type Creation,
  type DeviceHeader,
  outcomeOf,
  placementOf,
  RecordedDevice,
  type TracedState,
} from "./recording.ts";
import { RecordedExec } from "./recorded_exec.ts";
import type { Compared, Replayer } from "./trace.ts";

/** Any line of a ttmt trace but the first. */
export interface TicketOperation extends Creation, TracedState {
  readonly op: string;
  /** The ticket. */
  readonly c: number;
  /** Whether a signal is pending: what has to wait is interrupted. */
  readonly sig: 0 | 1;
  readonly nw: 0 | 1;
  readonly tail: 0 | 1;
  readonly ret: number;
  readonly ev?: readonly (readonly number[])[];
  readonly moved?: number;
  readonly lk: readonly (readonly [buffer: number, holder: number])[];
  /** Of an exec: 1 interruptible, 2 duplicates are ignored. */
  readonly flags: number;
  readonly ex: readonly unknown[];
  readonly acq: readonly (readonly [ticket: number, locks: number])[];
}

const EDEADLK = -35;
const EINTR = -4;
const EBUSY = -16;
const ERESTARTSYS = -512;
const WITHOUT_TICKET = -2;
/** Members of a move entry here; traces of fences add the fence and the ghost, of which these have none. */
const MOVE_MEMBERS = 7;

/** Replays tickets: who gets a lock, who has to give way, and what a validate under a ticket does about victims. */
export class TicketReplayer implements Replayer<TicketOperation> {
  #recorded: RecordedDevice;
  #tickets = new Map<number, AcquireTicket>();
  #execs = new Map<number, RecordedExec>();

  constructor(header: DeviceHeader) {
    this.#recorded = new RecordedDevice(header);
  }

  async run(operation: TicketOperation): Promise<Compared> {
    const { ret, ev, moved, lk, acq, ex } = operation;
    const found = await this.#perform(operation);
    const moves = this.#recorded.takeMoves();
    return {
      expected: {
        ret,
        ...(ev && { ev: ev.map((move) => move.slice(0, MOVE_MEMBERS)), moved }),
        lk,
        acq,
        ex,
        ...this.#recorded.expected(operation),
      },
      found: {
        ret: found,
        ...(ev && moves),
        lk: this.#locks(),
        acq: this.#liveTickets().map(([id, ticket]) => [id, ticket.acquired]),
        ex: [...this.#execs].sort(([a], [b]) => a - b).map(([id, exec]) => [id, ...this.#describe(exec)]),
        ...this.#recorded.state(operation),
      },
    };
  }

  #perform(operation: TicketOperation): Promise<number> | number {
    const { op, c, bo, sig, tail } = operation;
    switch (op) {
      case "create":
        return this.#recorded.create(operation);
      case "begin":
        this.#tickets.set(c, new AcquireTicket());
        return 0;
      case "end":
        this.#tickets.delete(c);
        return 0;
      case "lock":
      case "lock_slow":
        return this.#lock(this.#recorded.buffer(bo), this.#ticket(c), sig === 1 ? EINTR : EBUSY);
      case "reserve":
        return this.#lock(this.#recorded.buffer(bo), this.#ticket(c), sig === 1 ? ERESTARTSYS : EBUSY);
      case "trylock":
        return this.#recorded.buffer(bo).tryReserve() ? 0 : EBUSY;
      case "unlock":
        return this.#unlock(this.#recorded.buffer(bo), tail === 1);
      case "unlock_all":
        for (const buffer of this.#heldBy(this.#ticket(c))) buffer.unlock();
        return 0;
      case "validate":
        return this.#validate(operation);
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
        return this.#exec(c).lock(this.#recorded.buffer(bo), sig === 1);
      case "exec_unlock":
        this.#exec(c).exec.unlock(this.#recorded.buffer(bo));
        return 0;
      default:
        throw new Error(`the trace has an operation ${op}`);
    }
  }

  /** An interrupted call fails where it would have to wait or to give way, and only there. */
  async #lock(buffer: BufferObject, ticket: AcquireTicket, whenInterrupted: number): Promise<number> {
    const interrupted = whenInterrupted !== EBUSY;
    const ret = await outcomeOf(() => buffer.tryReserve(ticket), whenInterrupted);
    return interrupted && ret === EDEADLK ? whenInterrupted : ret;
  }

  #unlock(buffer: BufferObject, toTail: boolean): number {
    if (toTail) buffer.unreserve();
    else buffer.unlock();
    return 0;
  }

  #validate({ bo, pl, nw, sig }: TicketOperation): Promise<number> {
    const interrupt = new AbortController();
    const buffer = this.#recorded.buffer(bo);
    const validated = buffer.validate(placementOf(pl), { noWait: nw === 1, signal: interrupt.signal });
    if (sig === 1) interrupt.abort();
    return outcomeOf(() =>
      validated.catch((error) => {
        if (error !== interrupt.signal.reason) throw error;
        return false;
      }), EINTR);
  }

  /** Tickets, and those of execs whose loop has begun, by number. */
  #liveTickets(): [number, AcquireTicket][] {
    const execs = [...this.#execs].filter(([, { begun }]) => begun).map(([id, { exec }]) => [id, exec.ticket] as const);
    return [...this.#tickets, ...execs].map(([id, ticket]): [number, AcquireTicket] => [id, ticket])
      .sort(([a], [b]) => a - b);
  }

  #describe({ exec }: RecordedExec): unknown[] {
    const id = (buffer: BufferObject | null) => buffer === null ? -1 : this.#recorded.id(buffer);
    return [exec.buffers.map(id), id(exec.contended), id(exec.prelocked)];
  }

  #exec(id: number): RecordedExec {
    const exec = this.#execs.get(id);
    if (exec === undefined) throw new Error(`the trace uses exec ${id}, which is not there`);
    return exec;
  }

  #locks(): [number, number][] {
    const ids = new Map(this.#liveTickets().map(([id, ticket]) => [ticket, id]));
    return [...this.#recorded.buffers].filter(([, buffer]) => buffer.reserved)
      .map(([id, { reservation: { holder } }]) => [id, holder === null ? WITHOUT_TICKET : ids.get(holder) ?? NaN]);
  }

  #heldBy(ticket: AcquireTicket): BufferObject[] {
    return [...this.#recorded.buffers.values()].filter((buffer) => buffer.reservation.holder === ticket);
  }

  #ticket(id: number): AcquireTicket {
    const ticket = this.#tickets.get(id);
    if (ticket === undefined) throw new Error(`the trace uses ticket ${id}, which is not there`);
    return ticket;
  }
}
