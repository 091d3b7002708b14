import { BufferObject, type Placement, TtmError, type WaitOptions } from "@ttm/core";
import { checkArray, checkOptions, checkWaitOptions, checkWord, optionNames, show } from "@ttm/core/arguments";
import type { JobBuffer } from "@ttm/sim-parts";

/** A memory type that jobs reach. */
export type MemoryDomain = "vram" | "gtt";

/** One buffer of a submission, and where it may be. */
export interface SubmissionBuffer extends JobBuffer {
  /** Where it should be. */
  readonly preferred: MemoryDomain;
  /** Where it may be, the preferred one among them. @default {the preferred one and `"gtt"`} */
  readonly allowed?: readonly MemoryDomain[];
}

/** What is known of the moves of a GPU. */
interface MoveCounter {
  /** Bytes that copies have been queued for, from the beginning on. */
  readonly bytesMoved: number;
  /** Bytes that one submission may move. */
  readonly moveBudget: number;
}

const WHAT = "validate list";
const ENTRY = optionNames<SubmissionBuffer>({ buffer: true, write: true, preferred: true, allowed: true });
const DOMAINS: readonly MemoryDomain[] = ["vram", "gtt"];
const LEAST_BUDGET = 2 ** 20;

/**
 * How many bytes one submission may move: half of what is free of the first half of VRAM, and 1 MiB at least
 * (`radeon_bo_get_threshold_for_moves`).
 */
export function moveBudget(vramBytes: number, usedBytes: number): number {
  const freeOfHalf = Math.max(0, Math.floor(vramBytes / 2) - usedBytes);
  return Math.max(LEAST_BUDGET, Math.floor(freeOfHalf / 2));
}

/** Validates a list within the budget of a submission (`radeon_bo_list_validate`); the bytes that it has moved. */
export async function validateList(
  counter: MoveCounter,
  list: readonly SubmissionBuffer[],
  options: WaitOptions,
): Promise<number> {
  checkWaitOptions(WHAT, options);
  checkArray(WHAT, "the list", list);
  for (const [at, entry] of list.entries()) checkEntry(`entry ${at}`, entry);
  const { bytesMoved: before, moveBudget: budget } = counter;
  for (const entry of list) {
    const { buffer, preferred } = entry;
    if (buffer.pins > 0) continue;
    const allowed = allowedFor(entry);
    // The buffer in hand does not count, so that one of any size can be moved.
    const isSpent = counter.bytesMoved - before > budget;
    const present = allowed.find((domain) => domain === buffer.memoryType);
    const domain = isSpent && present !== undefined ? present : preferred;
    try {
      await buffer.validate(anyOf([domain]), options);
    } catch (error) {
      if (allowed.every((other) => other === domain)) throw error;
      await buffer.validate(anyOf(allowed), options);
    }
  }
  return counter.bytesMoved - before;
}

function allowedFor({ preferred, allowed }: SubmissionBuffer): readonly MemoryDomain[] {
  return allowed ?? [preferred, "gtt"];
}

/** VRAM always comes first, as in `radeon_ttm_placement_from_domain`. */
function anyOf(domains: readonly MemoryDomain[]): Placement {
  return { placement: DOMAINS.filter((domain) => domains.includes(domain)).map((memoryType) => ({ memoryType })) };
}

function checkEntry(name: string, entry: SubmissionBuffer): void {
  checkOptions(WHAT, entry, ENTRY, name);
  const { buffer, preferred } = entry;
  const allowed = allowedFor(entry);
  checkWord(WHAT, `${name}.preferred`, preferred, DOMAINS);
  checkArray(WHAT, `${name}.allowed`, allowed);
  for (const domain of allowed) checkWord(WHAT, `${name}.allowed`, domain, DOMAINS);
  if (!allowed.includes(preferred)) {
    throw new TtmError("EINVAL", `Cannot ${WHAT}: ${name} prefers ${preferred}, which is not allowed`);
  }
  if (buffer instanceof BufferObject && buffer.reserved) return;
  const wrong = buffer instanceof BufferObject ? `${buffer}, which is not reserved` : `${show(buffer)}, not a buffer`;
  throw new TtmError("EINVAL", `Cannot ${WHAT}: ${name} is ${wrong}`);
}
