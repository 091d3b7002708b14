/** What the store uses of `unstorage`'s `Storage` (https://unstorage.unjs.io), so that one of any driver will do. */
export interface RawStorage {
  /** Keeps bytes under a key, replacing what was there. */
  setItemRaw(key: string, value: Uint8Array): Promise<void>;
  /** What is kept under a key; null if nothing is. Drivers differ in what they give for the same bytes. */
  getItemRaw(key: string): Promise<unknown>;
  /** Forgets a key, known or not. */
  removeItem(key: string): Promise<void>;
}

/**
 * A key that every driver keeps apart from every other one. Drivers cut and join keys at `?`, `/`, `\` and `:`, make paths
 * of them, and lie on file systems that do not tell case: only small letters, digits and `-` stay as they are.
 */
export function storageKey(base: string, key: string): string {
  const escaped = key.replace(/[^a-z0-9-]/g, (unit) => `_${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `${base}:${escaped}.pages`;
}

/**
 * A copy of the bytes in what a storage gave. Memory gives the very object that it keeps, files and base64 a `Buffer`,
 * what came by HTTP an `ArrayBuffer`.
 *
 * @throws {Error} If there are none. Drivers for files give an error where others throw it; it is thrown then.
 */
export function bytesFrom(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
  if (value === null || value === undefined) throw new Error("nothing is kept under it");
  if (value instanceof Error) throw value;
  throw new Error(`the storage gave ${typeof value === "object" ? "an object" : `a ${typeof value}`} and no bytes`);
}

/** Whether a storage failed because it is full: of the disk, a quota, or what a browser allows. */
export function isFull(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return ["ENOSPC", "EDQUOT", "EFBIG"].includes(String(code)) || name === "QuotaExceededError";
}
