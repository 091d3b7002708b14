/** Called once when a fence signals; `error` is `undefined` on success. */
export type FenceCallback = (error: unknown) => void;

/** The callbacks of a fence that are still to be called. */
interface Call {
  readonly callbacks: Iterator<FenceCallback>;
  readonly error: unknown;
}

/** Those of the fences that the running callback has signalled; null while none runs. */
let signalledInside: Call[] | null = null;

/**
 * Calls the callbacks of a fence that has signalled. Those of a fence that a callback signals are called as soon as that
 * callback has returned, before the remaining ones, so that a chain of fences of any length needs no deeper stack.
 *
 * @throws The first error that a callback throws, after all callbacks have been called.
 */
export function callBack(callbacks: Iterable<FenceCallback>, error: unknown): void {
  const call = { callbacks: callbacks[Symbol.iterator](), error };
  if (signalledInside !== null) {
    signalledInside.push(call);
    return;
  }
  const inside: Call[] = signalledInside = [];
  const stack: Call[] = [call];
  const thrown: unknown[] = [];
  for (let top: Call | undefined = call; top !== undefined; top = stack.at(-1)) {
    const { done, value } = top.callbacks.next();
    if (done === true) {
      stack.pop();
      continue;
    }
    try {
      value(top.error);
    } catch (reason) {
      thrown.push(reason);
    }
    for (let last = inside.pop(); last !== undefined; last = inside.pop()) stack.push(last);
  }
  signalledInside = null;
  if (thrown.length > 0) throw thrown[0];
}
