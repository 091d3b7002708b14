import type { ReadOnlyStore, SwapStore } from "@ttm/core";
import { must, randomNumbers } from "./suite.ts";

/** Bytes computed from a seed. */
export function bytesOf(length: number, seed: number): Uint8Array {
  const random = randomNumbers(seed);
  return Uint8Array.from({ length }, () => random(256));
}

/** Fails unless a key has these bytes; `when` ends the message. */
export async function mustRead(
  store: SwapStore | ReadOnlyStore,
  key: string,
  expected: Uint8Array,
  when = "",
): Promise<void> {
  const found = await store.read(key);
  must(found instanceof Uint8Array, () => `read() gave ${String(found)}, and no bytes`);
  const what = `read(${JSON.stringify(key)})`;
  must(
    found.length === expected.length,
    () => `${what} gave ${found.length} bytes, and ${expected.length} were written`,
  );
  const at = found.findIndex((byte, index) => byte !== expected[index]);
  must(at < 0, () => `${what} gave ${found[at]} at byte ${at}, and ${expected[at]} was written ${when}`.trimEnd());
}

/** Fails unless an array has these bytes. */
export function mustBe(found: Uint8Array, expected: Uint8Array, what: string): void {
  const at = found.findIndex((byte, index) => byte !== expected[index]);
  must(at < 0, () => `${what} have ${found[at]} at byte ${at}, and should have ${expected[at]}`);
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
