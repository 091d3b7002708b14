import { BufferObject, type Placement, TtmError, type WaitOptions } from "@ttm/core";
import { checkArray, checkOptions, checkWaitOptions, checkWord, optionNames, show } from "@ttm/core/arguments";
import type { JobBuffer } from "@ttm/sim-parts";

/** A memory type that jobs can access. */
export type MemoryDomain = "vram" | "gtt";

/** One buffer of a submission, with its preferred and its allowed memory types. */
export interface SubmissionBuffer extends JobBuffer {
  /** The memory type to validate it to. */
  readonly preferred: MemoryDomain;
  /** The allowed memory types, including the preferred one. @default {the preferred one and `"gtt"`} */
  readonly allowed?: readonly MemoryDomain[];
}

/** The move statistics of a GPU. */
interface MoveCounter {
  /** Bytes of all copies queued so far. */
  readonly bytesMoved: number;
  /** Bytes that one submission may move. */
  readonly moveBudget: number;
}

const WHAT = "validate list";
const ENTRY = optionNames<SubmissionBuffer>({ buffer: true, write: true, preferred: true, allowed: true });
const DOMAINS: readonly MemoryDomain[] = ["vram", "gtt"];
const LEAST_BUDGET = 2 ** 20;

/**
 * The bytes that one submission may move: half of the free part of the first half of VRAM, and at least 1 MiB
 * (`radeon_bo_get_threshold_for_moves`).
 */
export function moveBudget(vramBytes: number, usedBytes: number): number {
  const freeOfHalf = Math.max(0, Math.floor(vramBytes / 2) - usedBytes);
  return Math.max(LEAST_BUDGET, Math.floor(freeOfHalf / 2));
}

/** Validates a list within the move budget of a submission (`radeon_bo_list_validate`); returns the bytes moved. */
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
    // Only earlier buffers count, so that one of any size can be moved.
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
