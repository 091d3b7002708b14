import {
  type Clock,
  type Driver,
  Fence,
  type MoveRequest,
  type Place,
  type Placement,
  type Postponed,
} from "@ttm/core";
import { withCauses } from "./suite.ts";

/** A driver that has postponed a move so often never makes it. */
const MOST_POSTPONED = 1000;

/** Records the calls of a driver and their results. */
export class DriverWatch {
  /** Move requests, and the fences of their copies; postponed moves are left out. */
  readonly moves: { readonly request: MoveRequest; readonly fence: Fence | null }[] = [];
  /** The fences of moves that have signalled, in the order of signalling. */
  readonly ended: Fence[] = [];
  /** All fences that the driver returned, with the name of the member. */
  readonly fences: Map<Fence, string> = new Map();
  /** Violations of the contract; the first one is reported as the cause of the failure. */
  readonly broken: string[] = [];
  /** Results that may be intended, but can be the cause of an `ENOMEM`. */
  readonly doubtful: string[] = [];
  /** How often the move of a buffer has been postponed since its last move. */
  #postponed: Map<unknown, number> = new Map();
  #types: readonly string[];
  #managed: readonly string[];

  /** For a driver with these memory types, some of which have managers. */
  constructor(types: readonly string[], managed: readonly string[]) {
    this.#types = types;
    this.#managed = ["system", ...managed];
  }

  /** A proxy of the driver that records each call. */
  watched(driver: Driver): Driver {
    return new Proxy(driver, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          const result = member.apply(target, args);
          this.#note(String(name), args, result);
          return result;
        };
      },
    });
  }

  /** A proxy of the clock that records exceptions of its events, which no caller could catch. */
  watchedClock(clock: Clock): Clock {
    return new Proxy(clock, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target);
        if (name === "schedule") return (at: number, fn: () => void) => target.schedule(at, () => this.#attempt(fn));
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  #attempt(event: () => void): void {
    try {
      event();
    } catch (error) {
      this.broken.push(`an event on the clock threw: ${error instanceof Error ? withCauses(error) : error}`);
    }
  }

  #note(member: string, args: readonly unknown[], result: unknown): void {
    if (result instanceof Promise) {
      // Reported below; without a handler the rejection would be unhandled.
      result.catch(() => {});
      const why =
        "every member of a driver is synchronous, and what takes time is a fence: FenceContext.follow(promise)";
      this.broken.push(`${member} of the driver returned a promise (is it async?): ${why}`);
    }
    const { retryAfter } = (result ?? {}) as Partial<Postponed>;
    const fence = result instanceof Fence ? result : null;
    const waitsFor = fence ?? retryAfter;
    if (waitsFor instanceof Fence) this.fences.set(waitsFor, member);
    if (member === "move") this.#noteMove(args[0] as MoveRequest, fence, retryAfter !== undefined);
    for (const { memoryType } of placesOf(member, result)) this.#notePlace(member, `${args[0]}`, memoryType);
  }

  #noteMove(request: MoveRequest, fence: Fence | null, isPostponed: boolean): void {
    const { buffer, destination } = request;
    if (isPostponed) return this.#notePostponed(`${buffer} to ${destination.memoryType}`, buffer);
    this.#postponed.delete(buffer);
    this.moves.push({ request, fence });
    fence?.onSignal(() => this.ended.push(fence));
  }

  /** Without an end of its own the core would ask again for ever, since some time passes each time. */
  #notePostponed(what: string, buffer: unknown): void {
    const times = (this.#postponed.get(buffer) ?? 0) + 1;
    this.#postponed.set(buffer, times);
    if (times < MOST_POSTPONED) return;
    const why = `move of the driver has postponed the move of ${what} ${times} times, and has not moved it`;
    this.broken.push(`${why}: does its \`retryAfter\` signal when the move can be made?`);
    throw new Error(why);
  }

  #notePlace(member: string, buffer: string, memoryType: string): void {
    const what = `${member} of the driver names "${memoryType}" for ${buffer}`;
    if (!this.#types.includes(memoryType)) {
      this.broken.push(`${what}; its memory types are ${this.#types.join(", ")}`);
    } else if (!this.#managed.includes(memoryType)) {
      this.doubtful.push(`${what}; the factory gives no manager for that`);
    }
  }
}

/** The places in the result of a member. */
function placesOf(member: string, result: unknown): readonly Place[] {
  if (typeof result !== "object" || result === null) return [];
  if (member === "hop") return [result as Place];
  if (!["evictPlacement", "faultReserveNotify", "defaultPlacement"].includes(member)) return [];
  const { placement = [], busyPlacement = [] } = result as Partial<Placement>;
  return [...placement, ...busyPlacement];
}
