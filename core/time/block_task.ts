import type { Clock } from "./clock.ts";

/**
 * Waits for one event that `start` subscribes to; `start` returns a function that unsubscribes. However the wait ends,
 * no subscription and no listener is left.
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
      signal?.removeEventListener("abort", abort);
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
    signal?.addEventListener("abort", abort);
  });
}
