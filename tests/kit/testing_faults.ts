/** A proxy of a part with some members replaced; the others work on the original. */
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

type Register = (test: (name: string, fn: () => void | Promise<void>) => void) => void;

/** Runs the cases that a suite registers; returns the names of those that fail. */
export async function failures(register: Register): Promise<string[]> {
  return (await complaints(register)).map(([name]) => name);
}

/** Runs the cases that a suite registers; returns name and message of those that fail. */
export async function complaints(register: Register): Promise<(readonly [name: string, message: string])[]> {
  const cases: [string, () => void | Promise<void>][] = [];
  const failed: [string, string][] = [];
  try {
    register((name, fn) => cases.push([name, fn]));
  } catch (error) {
    return [["the suite cannot be registered", messageOf(error)]];
  }
  for (const [name, run] of cases) {
    try {
      await run();
    } catch (error) {
      failed.push([name, messageOf(error)]);
    }
  }
  return failed;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
