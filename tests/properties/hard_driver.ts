import { type Clock, type Driver, type Fence, FenceContext } from "@ttm/core";

/** What a hook does in one of its calls: what it should, throw, or postpone by so many milliseconds. */
export type Flaw = "none" | "throw" | number;

/**
 * Wraps a driver so that its moves and the hooks of submissions are flawed, one flaw of the list after the other, over
 * and over. What comes after the work of a submission cannot be postponed, and throws then.
 */
export function hardDriver(driver: Driver, clock: Clock, flaws: readonly Flaw[], supports: Driver["supports"]): Driver {
  let calls = 0;
  const next = (hook: string): { readonly retryAfter: Fence } | undefined => {
    const flaw = flaws.length === 0 ? "none" : flaws[calls++ % flaws.length];
    if (flaw === "throw") throw new Error(`${hook} fails`);
    if (typeof flaw !== "number") return undefined;
    const ready = new FenceContext("ready").next();
    clock.schedule(clock.now() + flaw, () => ready.signal());
    return { retryAfter: ready };
  };
  const hooks: Partial<Driver> = {
    move: (request) => next("move") ?? driver.move?.(request),
    beginSubmit: () => next("beginSubmit"),
    endSubmit() {
      if (next("endSubmit") !== undefined) throw new Error("endSubmit fails");
    },
  };
  return new Proxy(driver, {
    get(target, name) {
      if (name === "supports") return { ...target.supports, ...supports };
      const hook = hooks[name as keyof Driver];
      if (hook !== undefined) return hook;
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
