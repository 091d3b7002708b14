import { PAGE_SIZE } from "../base/units.ts";
import type { BufferView } from "../contract/buffer_view.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import type { NoRoomReport } from "../base/no_room_report.ts";
import type { Blocker, Operation } from "../state/operation.ts";
import { Reservation } from "../lock/reservation.ts";
import type { Submission } from "../submit/submission.ts";
import { BLOCKED, codeOf, EALREADY, EBUSY, EDEADLK, EINVAL, EIO, ENOMEM, type Outcome } from "../base/outcome.ts";
import type { PreparedPlacement } from "../resource/prepared_placement.ts";
import { keptBuffers, summarize } from "../place/no_room.ts";

/** Maximum number of buffers that a message names. */
const NAMED = 5;

const notReserved: ReadonlyMap<Outcome, string> = new Map([
  [EALREADY, "its ticket holds it already"],
  [EBUSY, "it is reserved"],
  [EDEADLK, "its ticket must back off for an older one"],
  [BLOCKED, "one holder has kept it reserved for 15 s; if that is the caller, it would wait for itself"],
]);

/** The error of a reserve that failed, or that was blocked by one holder for too long. */
export function reserveError(what: string, buffer: BufferRecord, outcome: Outcome): TtmError {
  const code = codeOf(outcome === BLOCKED ? EDEADLK : outcome);
  return new TtmError(code, `Cannot ${what} ${buffer}: ${notReserved.get(outcome)}`);
}

/** The error of a validate that failed; if no place had room, with a report. */
export function validateError(
  state: DeviceState,
  buffer: BufferRecord,
  placement: PreparedPlacement,
  op: Operation,
  outcome: Outcome,
  what = `validate ${buffer}`,
): TtmError {
  if (op.cause instanceof Error) return op.error(what, op.cause.message, outcome);
  const { noRoom } = op;
  if (noRoom === null || op.cause !== undefined) return op.error(what, reasonOf(buffer, outcome), outcome);
  const report = () => ({ ...noRoom, kept: keptBuffers(state, buffer, placement, noRoom) });
  const why = outcome === ENOMEM ? summarize(noRoom) : `no victim could be evicted; ${op.victimMessage}`;
  return op.error(what, why, outcome, report);
}

/** The error of a submission whose buffers do not fit together. */
export function tooLargeError({ op }: Submission, report: NoRoomReport): TtmError {
  const { pages, tried, kept } = report;
  const types = tried.map(({ memoryType, limit }) => {
    if (limit !== null) return `group "${limit.group}" may use ${Math.floor(limit.max / PAGE_SIZE)} of ${memoryType}`;
    return `${memoryType} has ${report.usage.find((type) => type.memoryType === memoryType)?.pages} pages`;
  });
  const pinned = kept.length === 0 ? "" : `, and others are pinned there: ${someOf(kept.map(({ buffer }) => buffer))}`;
  const why = `its buffers need ${pages} pages together, ${types.join(", ")}${pinned}`;
  return op.error("submit", why, ENOMEM, () => report);
}

/** The error of a submission that failed. */
export function submitError(state: DeviceState, submission: Submission, outcome: Outcome): TtmError {
  const { op, failedAt, blockedOn } = submission;
  if (outcome === EBUSY && op.cause === undefined) return op.error("submit", whyBusy(op, blockedOn), outcome);
  if (failedAt === null) {
    return op.error("submit", op.cause instanceof Error ? op.cause.message : "the driver failed", outcome);
  }
  const { buffer, placement } = failedAt;
  return validateError(state, buffer, placement, op, outcome, `submit ${buffer}`);
}

function whyBusy({ noWait }: Operation, blockedOn: Blocker | null): string {
  if (noWait) return "it would have to wait";
  if (blockedOn instanceof Reservation) return "one party has kept a buffer reserved for 15 s";
  return `${blockedOn ?? "the work in the way"} has not signalled for 15 s`;
}

/** The error of a CPU access that failed, or of populating the pages for it. */
export function accessError(what: string, op: Operation, outcome: Outcome): TtmError {
  const why = outcome === EBUSY ? "it is busy" : outcome === EINVAL ? "it has no host pages" : "no memory";
  return op.error(what, op.cause instanceof Error ? op.cause.message : why, outcome);
}

/** The error of a swapout that failed. */
export function swapOutError(op: Operation, outcome: Outcome): TtmError {
  return op.error(
    "swap out",
    outcome === EBUSY ? "the work on a buffer has not ended" : "no buffer could be swapped out",
    outcome,
  );
}

/** The error of an eviction that was requested directly, not by a validate. */
export function evictError(what: string, op: Operation, outcome: Outcome): TtmError {
  const why = outcome === EBUSY ? "a buffer is in use" : "a buffer has no eviction placement with room";
  return op.error(what, op.cause instanceof Error ? op.cause.message : why, outcome);
}

function reasonOf(buffer: BufferRecord, outcome: Outcome): string {
  switch (outcome) {
    case EBUSY:
      return "the work that it waits for has not ended";
    case EINVAL:
      if (buffer.pins === 0) return "the driver asks for an endless chain of hops";
      return buffer.memoryType === null ? "it is pinned without a place" : `it is pinned in ${buffer.memoryType}`;
    case EIO:
      return "the driver failed";
    case ENOMEM:
      return "no host memory for its pages";
    default:
      return "a hop on the way has no room";
  }
}

/** Names the first few buffers, for a message. */
export function someOf(buffers: readonly (BufferView | string)[]): string {
  const named = buffers.slice(0, NAMED).join(", ");
  return buffers.length > NAMED ? `${named} and ${buffers.length - NAMED} more` : named;
}
