import { type Clock, type Driver, Fence, type MoveRequest, type Place, type Placement } from "@ttm/core";
import { withCauses } from "./suite.ts";

/** What a driver was asked for and has answered. */
export class DriverWatch {
  /** What it was asked to move, and the fences that it returned. */
  readonly moves: { readonly request: MoveRequest; readonly fence: Fence | null }[] = [];
  /** Those of the fences that have signalled, in that order. */
  readonly ended: Fence[] = [];
  /** All fences that it returned, with the member that did. */
  readonly fences: Map<Fence, string> = new Map();
  /** What no driver may do, whatever becomes of it; the first is what went wrong. */
  readonly broken: string[] = [];
  /** What may be meant, and is a reason for having no room. */
  readonly doubtful: string[] = [];
  #types: readonly string[];
  #managed: readonly string[];

  /** Watches one with these memory types, of which some have managers. */
  constructor(types: readonly string[], managed: readonly string[]) {
    this.#types = types;
    this.#managed = ["system", ...managed];
  }

  /** The driver, asked through. */
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

  /** A clock whose events note what they throw: nobody could catch it, since they happen by themselves. */
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
      // It is told of below, and nobody else waits for it.
      result.catch(() => {});
      const why =
        "every member of a driver is synchronous, and what takes time is a fence: FenceContext.follow(promise)";
      this.broken.push(`${member} of the driver returned a promise (is it async?): ${why}`);
    }
    const fence = result instanceof Fence ? result : null;
    if (fence !== null) this.fences.set(fence, member);
    if (member === "move") {
      this.moves.push({ request: args[0] as MoveRequest, fence });
      fence?.onSignal(() => this.ended.push(fence));
    }
    for (const { memoryType } of placesOf(member, result)) this.#notePlace(member, `${args[0]}`, memoryType);
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

/** The places that a member has named. */
function placesOf(member: string, result: unknown): readonly Place[] {
  if (typeof result !== "object" || result === null) return [];
  if (member === "hop") return [result as Place];
  if (member !== "evictPlacement" && member !== "faultReserveNotify") return [];
  const { placement = [], busyPlacement = [] } = result as Partial<Placement>;
  return [...placement, ...busyPlacement];
}
