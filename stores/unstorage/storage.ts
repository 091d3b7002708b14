/**
 * The part of `unstorage`'s `Storage` (https://unstorage.unjs.io) that the store uses, so that any driver is accepted.
 */
export interface RawStorage {
  /** Stores bytes under a key, replacing earlier ones. */
  setItemRaw(key: string, value: Uint8Array): Promise<void>;
  /** The value of a key; null if there is none. Drivers return different types for the same bytes. */
  getItemRaw(key: string): Promise<unknown>;
  /** Deletes a key; an unknown key is no error. */
  removeItem(key: string): Promise<void>;
}

/**
 * A key that every driver distinguishes from every other. Drivers split and join keys at `?`, `/`, `\` and `:`, use
 * them as paths, and may be on file systems that ignore case: only lower-case letters, digits and `-` stay as they are.
 */
export function storageKey(base: string, key: string): string {
  const escaped = key.replace(/[^a-z0-9-]/g, (unit) => `_${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `${base}:${escaped}.pages`;
}

/**
 * A copy of the bytes that a storage returned. The memory driver returns the stored object itself, drivers of files and
 * base64 a `Buffer`, drivers over HTTP an `ArrayBuffer`.
 *
 * @throws {Error} If the value is no bytes. File drivers return an error where others throw it; that error is thrown.
 */
export function bytesFrom(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
  if (value === null || value === undefined) throw new Error("there is no such entry");
  if (value instanceof Error) throw value;
  throw new Error(`the storage gave ${typeof value === "object" ? "an object" : `a ${typeof value}`} and not bytes`);
}

/** Whether a storage failed because it is full: the disk, a quota, or the browser's limit. */
export function isFull(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return ["ENOSPC", "EDQUOT", "EFBIG"].includes(String(code)) || name === "QuotaExceededError";
}
