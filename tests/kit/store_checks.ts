import type { ReadOnlyStore, SwapStore } from "@ttm/core";
import { must } from "./suite.ts";

/** Fails unless a key has these bytes. */
export async function mustRead(store: SwapStore | ReadOnlyStore, key: string, expected: Uint8Array): Promise<void> {
  const found = await store.read(key);
  must(found instanceof Uint8Array, () => `read() gave ${String(found)}, and no bytes`);
  const what = `read(${JSON.stringify(key)})`;
  must(
    found.length === expected.length,
    () => `${what} gave ${found.length} bytes, and ${expected.length} were written`,
  );
  const at = found.findIndex((byte, index) => byte !== expected[index]);
  must(at < 0, () => `${what} gave ${found[at]} at byte ${at}, and ${expected[at]} was written`);
}

/** Fails unless a call throws or rejects. */
export async function mustFail(act: () => unknown, what: string): Promise<void> {
  try {
    await act();
  } catch {
    return;
  }
  throw new Error(`${what} neither threw nor rejected`);
}
