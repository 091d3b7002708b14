import { importRecording } from "./import.ts";
import { WorkloadError } from "./workload.ts";

/** Numbers and words that readers trip over. */
const NASTY: readonly string[] = [
  ..."0 -1 255 65535 4294967295 9007199254740993 18446744073709551615 1e309 NaN 0x".split(" "),
  ...[
    "__proto__",
    "constructor",
    "toString",
    '"',
    "[[[[[[[[",
    "{{{{",
    "\n",
    ",",
    "-",
    "\0",
    "9999999n9999999999k",
    "\xff",
  ],
];

/** For tests: damages a file at one to four places, by bytes, runs, cuts, repetitions, nesting and nasty words. */
export function mutate(file: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  const below = (limit: number) => Math.floor(random() * limit);
  let bytes = Array.from(file);
  for (let left = 1 + below(4); left > 0; left--) {
    const at = below(bytes.length + 1);
    const length = below(Math.min(64, bytes.length - at + 1));
    const kind = below(8);
    if (kind === 0) bytes[Math.min(at, Math.max(0, bytes.length - 1))] = below(256);
    else if (kind === 1) bytes.splice(at, length);
    else if (kind === 2) bytes = bytes.slice(0, at);
    else if (kind === 3) bytes.splice(at, 0, ...bytes.slice(at, at + length));
    else if (kind === 4) bytes.splice(at, 0, ...new TextEncoder().encode(NASTY[below(NASTY.length)]));
    else if (kind === 5) bytes.splice(at, length, ...Array.from({ length }, () => below(256)));
    else if (kind === 6) bytes[Math.min(at, Math.max(0, bytes.length - 1))] = [0, 0x7f, 0x80, 0xff][below(4)] as number;
    else bytes.splice(at, 0, ...new Array<number>(below(2000)).fill([0x28, 0x5b, 0x7b, 0x5d][below(4)] as number));
  }
  return Uint8Array.from(bytes);
}

/** For tests: how many damaged files were read and how many refused. */
export interface Outcomes {
  read: number;
  refused: number;
}

/**
 * For tests: imports damaged files, numbered from `first`, each from a seed of its own.
 *
 * @throws The first error that is not a `WorkloadError` with a code and a position, with the seed.
 */
export async function importMutations(
  name: string,
  file: Uint8Array,
  randomOf: (seed: number) => () => number,
  first: number,
  count: number,
): Promise<Outcomes> {
  const outcomes: Outcomes = { read: 0, refused: 0 };
  for (let seed = first; seed < first + count; seed++) {
    try {
      await importRecording(name, mutate(file, randomOf(seed)));
      outcomes.read++;
    } catch (error) {
      const clean = error instanceof WorkloadError && error.code === "EINVAL" && error.message.startsWith(name) &&
        (error.line ?? error.offset) !== undefined && error.message.length < 1000;
      if (!clean) throw new Error(`${name}, seed ${seed}`, { cause: error });
      outcomes.refused++;
    }
  }
  return outcomes;
}

/** For tests: the names of what the prototypes that files could reach hold. */
export function prototypes(): string {
  const all = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype];
  return all.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join("|");
}
