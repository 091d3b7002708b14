import { UsageError } from "../../../replay/usage_error.ts";
import type { TraceRequest } from "./generate.ts";
import { profileOf, PROFILES } from "./profiles.ts";

const MOST_OPERATIONS = 5000;

/** The command-line options that choose random traces. */
export interface SeedOptions {
  readonly family: string | undefined;
  readonly seeds: string | undefined;
  readonly ops: string;
  readonly profile: string | undefined;
}

/** Their text for `--help`. */
export const SEED_OPTIONS: string = `  --family NAME   ${Object.keys(PROFILES).join(", ")}
  --seeds A-B     or one seed; each family's profiles take turns
  --ops N         operations of each trace                         [400]
  --profile NAME  all seeds of this one
`;

/**
 * The requested traces.
 *
 * @throws {UsageError} If an option is invalid.
 */
export function requestsOf({ family, ops, profile, seeds }: SeedOptions): TraceRequest[] {
  if (family === undefined) throw new UsageError("Cannot go without --family");
  const names = (Object.hasOwn(PROFILES, family) ? PROFILES[family] : undefined)?.map(({ name }) => name);
  if (names === undefined) {
    throw new UsageError(`Cannot use --family "${family}": choose one of ${Object.keys(PROFILES).join(", ")}`);
  }
  if (profile !== undefined && !names.includes(profile)) {
    throw new UsageError(`Cannot use --profile "${profile}": choose one of ${names.join(", ")}`);
  }
  if (!/^\d{1,4}$/.test(ops) || Number(ops) < 1 || Number(ops) > MOST_OPERATIONS) {
    throw new UsageError(`Cannot use --ops "${ops}": give a number from 1 to ${MOST_OPERATIONS}`);
  }
  return [...seedsOf(seeds)].flatMap((seed) => {
    const found = profileOf(family, seed, profile);
    return found === undefined ? [] : [{ family, seed, profile: found, operations: Number(ops) }];
  });
}

function* seedsOf(text: string | undefined): Generator<number> {
  if (text === undefined) throw new UsageError("Cannot go without --seeds");
  const [first, last] = (/^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? []).slice(1);
  const [from, to] = [Number(first), Number(last ?? first)];
  if (!(from >= 1 && from <= to)) {
    throw new UsageError(`Cannot use --seeds "${text}": give one from 1 on, or first-last`);
  }
  for (let seed = from; seed <= to; seed++) yield seed;
}
