import { checkBoolean, checkMethods, checkOptions, checkWord, optionNames } from "../base/arguments.ts";
import type { Driver, DriverSupport, MoveKind } from "../contract/driver.ts";

export const DRIVER_SUPPORT: ReadonlySet<string> = optionNames<DriverSupport>({
  moves: true,
  contents: true,
  pipelinedEvictions: true,
  dma32: true,
});

const WHAT = "create device";
const MOVES: readonly MoveKind[] = ["immediate", "ordered"];
const FLAGS = ["pipelinedEvictions", "contents", "dma32"] as const;

/** Checks the members of a driver, except its memory types; throws `EINVAL`. */
export function checkDriver(driver: Driver): void {
  checkMethods(WHAT, "options.driver", driver, ["evictPlacement"]);
  const supports: DriverSupport = driver.supports ?? {};
  checkOptions(WHAT, supports, DRIVER_SUPPORT, "options.driver.supports");
  if (supports.moves !== undefined) checkWord(WHAT, "options.driver.supports.moves", supports.moves, MOVES);
  for (const flag of FLAGS) {
    if (supports[flag] !== undefined) checkBoolean(WHAT, `options.driver.supports.${flag}`, supports[flag]);
  }
}
