import { isModulePath } from "./part_module.ts";

/** Options that take several values where replays are compared. */
export interface Compared {
  readonly manager: string | undefined;
  readonly policy: string | undefined;
  readonly vram: string | undefined;
}

/** All combinations of values that are divided by commas; a file is one value, whatever is in its name. */
export function variantsOf({ manager, policy, vram }: Compared): Compared[] {
  return several(manager).flatMap((manager) =>
    several(policy).flatMap((policy) => several(vram).map((vram) => ({ manager, policy, vram })))
  );
}

function several(value: string | undefined): (string | undefined)[] {
  return value === undefined || isModulePath(value) ? [value] : value.split(",");
}
