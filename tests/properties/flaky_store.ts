import { memoryStore, type SwapStore, TtmError } from "@ttm/core";

/** How a flaky store is. */
export interface Flaws {
  /** Every so many-th write or read fails; 0 for none. */
  readonly failEvery: number;
  /** Answers with promises. */
  readonly slow: boolean;
}

/** A store in host memory that fails now and then, and says how much it keeps. */
export function flakyStore({ failEvery, slow }: Flaws): SwapStore & { readonly kept: number } {
  const inner = memoryStore();
  const keys = new Set<string>();
  let calls = 0;
  const answer = <Result>(act: () => Result): Result | Promise<Result> => {
    const fails = failEvery > 0 && ++calls % failEvery === 0;
    const attempt = () => {
      if (fails) throw new TtmError("ENOSPC", "Cannot write pages: the store is flaky");
      return act();
    };
    return slow ? Promise.resolve().then(attempt) : attempt();
  };
  return {
    name: "flaky",
    get kept() {
      return keys.size;
    },
    write: (key, bytes) => {
      const copy = bytes.slice();
      return answer(() => (keys.add(key), inner.write(key, copy) as void));
    },
    read: (key) => answer(() => inner.read(key) as Uint8Array),
    delete: (key) => {
      keys.delete(key);
      return inner.delete(key);
    },
  };
}
