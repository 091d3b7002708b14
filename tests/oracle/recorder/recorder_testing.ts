import type { Recorder, Step } from "./kernel.ts";
import { type Header, lineOf, type Operation, type State } from "./operations.ts";

/** A buffer of {@linkcode FakeRecorder}. */
interface Buffer {
  readonly pages: number;
  readonly prio: number;
  readonly dev: number;
  readonly rv: number;
  readonly bulk: number;
  pins: number;
}

/**
 * Stands in for the kernel where a test is about who asks it: it knows which buffers there are, moves none of them, and
 * grants every lock. Operations on buffers that are not there are not done.
 */
export class FakeRecorder implements Recorder {
  /** What it was asked to do since the last world was made. */
  readonly asked: Operation[] = [];

  begin(header: Header): ReturnType<Recorder["begin"]> {
    this.asked.length = 0;
    const world = new FakeWorld(header.kind);
    const step = (operation: Operation): Promise<Step> => {
      this.asked.push(operation);
      return Promise.resolve(world.step(operation));
    };
    return Promise.resolve({ session: { step }, answer: {} });
  }
}

class FakeWorld {
  #kind: string;
  #count = 0;
  #buffers = new Map<number, Buffer>();
  #tickets = new Map<number, Set<number>>();

  constructor(kind: string) {
    this.#kind = kind;
  }

  step(operation: Operation): Step {
    const { bo, op } = operation;
    const done = op === "create" || bo === undefined || this.#buffers.has(bo);
    if (done) this.#act(operation);
    const state: State = {
      ret: done ? op === "exec_cleanup" ? 1 : 0 : -998,
      bos: [...this.#buffers].map((
        [id, { bulk, dev, pages, pins, prio, rv }],
      ) => [id, 2, 0, pages, pins, prio, 0, 3, 1, dev, rv, bulk > 0 ? rv : -1]),
      lk: [...this.#tickets].flatMap(([c, locked]) => [...locked].map((bo) => [bo, c] as const)),
      acq: [...this.#tickets].map(([c, locked]) => [c, locked.size]),
      ex: [],
      ends: [[operation.c ?? 0, op === "exec_cleanup" ? 1 : 0]],
      blocks: [[0, operation.size ?? 4096]],
      avail: 2 ** 24,
    };
    const line = lineOf(this.#kind, this.#count, operation, JSON.stringify(state).slice(1, -1));
    if (done) this.#count++;
    return { line, state, done };
  }

  #act({ bo = -1, bulk = 0, c = -1, dev = 0, op, pages = 0, prio = 0, rv = -1 }: Operation): void {
    const buffer = this.#buffers.get(bo);
    const locked = this.#tickets.get(c);
    if (op === "create") this.#buffers.set(bo, { pages, prio, dev, rv, bulk, pins: 0 });
    if (op === "unref") this.#buffers.delete(bo);
    if (op === "pin" && buffer !== undefined) buffer.pins++;
    if (op === "unpin" && buffer !== undefined) buffer.pins--;
    if (op === "begin" || op === "exec_cleanup" && locked === undefined) this.#tickets.set(c, new Set());
    if (op === "end" || op === "exec_fini") this.#tickets.delete(c);
    if (op === "lock" || op === "reserve" || op === "lock_slow" || op === "exec_lock") locked?.add(bo);
    if (op === "unlock") { for (const each of this.#tickets.values()) each.delete(bo); }
    if (op === "unlock_all") locked?.clear();
  }
}
