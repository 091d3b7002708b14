/** A part like another one, some of whose members are replaced; the others work on the original. */
export function altered<Part extends object>(part: Part, changes: Partial<Record<keyof Part, unknown>>): Part {
  return new Proxy(part, {
    get(target, name) {
      if (Object.hasOwn(changes, name)) {
        const change = Object.getOwnPropertyDescriptor(changes, name);
        return change?.get === undefined ? change?.value : change.get.call(changes);
      }
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** Runs the cases that a suite registers; the names of those that fail. */
export async function failures(
  register: (test: (name: string, fn: () => void | Promise<void>) => void) => void,
): Promise<string[]> {
  const cases: [string, () => void | Promise<void>][] = [];
  try {
    register((name, fn) => cases.push([name, fn]));
  } catch (error) {
    return [`the suite cannot be registered: ${error}`];
  }
  const failed: string[] = [];
  for (const [name, run] of cases) {
    try {
      await run();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}
