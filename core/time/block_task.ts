import type { Clock } from "./clock.ts";

// One listener for all waits with a signal, since removing one from a signal takes the longer the more it has.
const waits: WeakMap<AbortSignal, Set<() => void>> = new WeakMap();

/**
 * Waits for one event that `start` subscribes to; `start` returns a function that unsubscribes. However the wait ends,
 * no subscription is left, and after the last wait with a signal no listener.
 */
export function blockTask<Result>(
  clock: Clock,
  signal: AbortSignal | undefined,
  start: (resolve: (result: Result) => void) => () => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const resume = clock.taskBlocked?.();
    const end = () => {
      unsubscribe();
      if (signal !== undefined) ignore(signal, abort);
      resume?.();
    };
    const abort = () => {
      end();
      reject(signal?.reason);
    };
    const unsubscribe = start((result) => {
      end();
      resolve(result);
    });
    if (signal !== undefined) listen(signal, abort);
  });
}

function listen(signal: AbortSignal, abort: () => void): void {
  const known = waits.get(signal);
  if (known !== undefined) return void known.add(abort);
  waits.set(signal, new Set([abort]));
  signal.addEventListener("abort", abortAll);
}

function ignore(signal: AbortSignal, abort: () => void): void {
  const known = waits.get(signal);
  if (known === undefined || !known.delete(abort) || known.size > 0) return;
  waits.delete(signal);
  signal.removeEventListener("abort", abortAll);
}

function abortAll({ target }: Event): void {
  for (const abort of waits.get(target as AbortSignal) ?? []) abort();
}
