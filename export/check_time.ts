import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";

/** @throws {TtmError} `EINVAL` unless it is a number of milliseconds, or infinite. */
export function checkTime(what: string, time: unknown): void {
  if (typeof time === "number" && !Number.isNaN(time)) return;
  throw new TtmError("EINVAL", `Cannot ${what}: the time must be a number of milliseconds, but is ${show(time)}`);
}
