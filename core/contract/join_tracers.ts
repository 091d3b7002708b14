import type { Tracer } from "./tracer.ts";

const MEMBERS = Object.keys(
  {
    attach: true,
    create: true,
    handle: true,
    operation: true,
    failure: true,
    move: true,
    wait: true,
    waitBegin: true,
    waitEnd: true,
    use: true,
    pin: true,
    unpin: true,
    priority: true,
    ghost: true,
    purge: true,
    swapOut: true,
    swapIn: true,
    free: true,
    destroy: true,
  } satisfies Record<keyof Tracer, true>,
) as readonly (keyof Tracer)[];

/**
 * One tracer of several: each is told of everything, in their order. What none of them has costs nothing. Members that a
 * tracer gets later are not called.
 *
 * @example Two counters
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { joinTracers } from "@ttm/core";
 *
 * const seen: string[] = [];
 * const tracer = joinTracers({ use: () => seen.push("first") }, { use: () => seen.push("second") });
 * assertEquals([typeof tracer.use, typeof tracer.move], ["function", "undefined"]);
 * ```
 */
export function joinTracers(...tracers: readonly Tracer[]): Tracer {
  const joined: Record<string, (...args: unknown[]) => void> = {};
  for (const name of MEMBERS) {
    const called = tracers.flatMap((tracer) => {
      const member = tracer[name] as ((...args: unknown[]) => void) | undefined;
      return member === undefined ? [] : [member.bind(tracer)];
    });
    const [first, second, ...rest] = called;
    if (first === undefined) continue;
    if (second === undefined) joined[name] = first;
    else {
      joined[name] = (...args) => {
        first(...args);
        second(...args);
        for (const member of rest) member(...args);
      };
    }
  }
  return joined;
}
