import { Blocks, Ranges } from "./allocators.ts";
import { Buffers } from "./buffers.ts";
import { Dice } from "./dice.ts";
import type { Recorder } from "./kernel.ts";
import type { Header } from "./operations.ts";
import type { Chooser } from "./pieces.ts";
import type { Profile } from "./profiles.ts";
import { Tickets } from "./tickets.ts";
import { Waiters } from "./waiters.ts";

/** The members of a family's headers, in their order. */
const HEADERS: Readonly<Record<string, readonly (keyof Profile)[]>> = {
  ttm: ["vram", "tt", "evict", "hop"],
  ttmt: ["vram", "tt", "evict", "hop", "nt", "nx"],
  ttmw: ["vram", "tt", "evict", "hop", "nresv", "nt", "nx", "nn"],
  mm: ["start", "size", "color"],
  buddy: ["size", "chunk"],
};
const FULL: readonly (keyof Profile)[] = [
  ...["vram", "tt", "evict", "hop", "pipeline", "fences", "ndev", "limit", "buddy", "vram_tt", "nresv"] as const,
];

/** A requested trace. The same request gives the same bytes. */
export interface TraceRequest {
  readonly family: string;
  readonly seed: number;
  readonly profile: Profile;
  readonly operations: number;
}

function headerOf({ family, profile, seed }: TraceRequest): Header {
  const names = HEADERS[family] ?? (family === "ttmx" ? [...FULL, "mocks"] as const : FULL);
  const members = names.map((name) => [name, profile[name]]);
  return { hdr: 1, kind: family, seed, profile: profile.name, ...Object.fromEntries(members) };
}

function chooserOf({ family, profile, seed }: TraceRequest): Chooser {
  const dice = new Dice(`${family} ${seed} ${profile.name}`);
  if (family === "mm") return new Ranges(profile, dice);
  if (family === "buddy") return new Blocks(profile, dice);
  if (family === "ttmw") return new Waiters(profile, dice);
  return family === "ttmt" ? new Tickets(profile, dice) : new Buffers(family, profile, dice);
}

/** Makes a random trace, line by line: each operation is chosen from the state after the last one. */
export async function* generate(recorder: Recorder, request: TraceRequest): AsyncGenerator<string> {
  const header = headerOf(request);
  const { session, answer: { max_order, n_roots } } = await recorder.begin(header);
  const ofBuddy = max_order === undefined || n_roots === undefined ? {} : { max_order, n_roots };
  yield JSON.stringify({ ...header, ...ofBuddy, ops: request.operations });
  const chooser = chooserOf(request);
  for (let count = 0; count < request.operations;) {
    const operation = chooser.choose();
    if (operation === undefined) continue;
    const { done, line, state } = await session.step(operation, count === request.operations - 1);
    if (!done) continue;
    chooser.after(operation, state);
    count++;
    yield line;
  }
}
