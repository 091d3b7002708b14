import { UsageError } from "./usage_error.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/**
 * Reads a size: bytes (`"1048576"`), with a unit of 1024 (`"512M"`, `"2GiB"`), or a share (`"50%"`) of `whole` bytes.
 *
 * @returns Whole bytes, rounded up to pages of 4096 bytes.
 * @throws {UsageError} If it is not a valid size of at least one page; `name` is the name of the option.
 */
export function parseSize(name: string, text: string, whole: number): number {
  const match = /^(\d+(?:\.\d+)?)(?:(%)|([KMG]?)(?:iB|B)?)$/.exec(text.trim());
  const amount = Number(match?.[1]);
  const bytes = match?.[2] === "%" ? (whole * amount) / 100 : amount * (UNITS[match?.[3] ?? ""] ?? NaN);
  const rounded = Math.ceil(bytes / 4096) * 4096;
  if (Number.isSafeInteger(rounded) && rounded >= 4096) return rounded;
  throw new UsageError(`Cannot use --${name} ${JSON.stringify(text)}: give bytes, "512M", "2G" or "50%" of the peak`);
}

/** Formats a size with a unit. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; Number(value.toFixed(1)) >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}
