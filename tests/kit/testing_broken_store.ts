import { type SwapStore, TtmError } from "@ttm/core";

/** A store over a `Map`, with some members replaced by wrong ones. */
export function broken(change: (kept: Map<string, Uint8Array>, good: SwapStore) => Partial<SwapStore>): SwapStore {
  const kept = new Map<string, Uint8Array>();
  const good: SwapStore = {
    name: "broken",
    write: (key, bytes) => void kept.set(key, bytes.slice()),
    read(key) {
      const bytes = kept.get(key);
      if (bytes === undefined) throw new TtmError("EIO", `Cannot read ${key}: there is none`);
      return bytes.slice();
    },
    delete: (key) => void kept.delete(key),
  };
  return { ...good, ...change(kept, good) };
}
