import { BLOCKED, DONE, EBUSY, EDEADLK, type Outcome } from "../base/outcome.ts";
import type { Clock } from "../time/clock.ts";
import type { Part } from "./job.ts";
import { Reservation } from "../lock/reservation.ts";
import type { Submission } from "./submission.ts";
import type { SubmissionLine } from "./line.ts";
import { fenceSignals, turnComes, WAIT_BUDGET_MS, waitInLine } from "../state/wait.ts";

/**
 * Runs a submission to its end, waiting for its turn, for reservations and for room. However it ends, it holds nothing
 * afterwards.
 *
 * @returns The outcome of the last attempt; EBUSY if the work in the way of one buffer, or one holder of a reservation,
 * took 15 s, or if it must not wait.
 * @throws What the caller's work throws, and the reason of an aborted signal.
 */
export async function submit(
  clock: Clock,
  line: SubmissionLine,
  submission: Submission,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  let deadline = 0;
  let stuckAt: Part | null | undefined;
  try {
    for (;;) {
      signal?.throwIfAborted();
      // Who holds reservations must not wait for those in front, which may want them.
      if (!submission.holds && !line.isTurnOf(submission)) {
        if (submission.op.noWait) return EBUSY;
        line.join(submission);
        submission.op.beginWait("room", null);
        await line.turnOf(submission, clock, signal);
        submission.op.endWait();
        continue;
      }
      let outcome = submission.blockedOn === null ? DONE : await unblock(clock, submission, deadline, signal);
      submission.op.endWait();
      signal?.throwIfAborted();
      if (outcome === DONE) outcome = submission.attempt();
      if (outcome !== BLOCKED && outcome !== EDEADLK) return outcome;
      if (outcome === EDEADLK) submission.backOff();
      submission.wait();
      line.join(submission);
      // As in a validate, the waits for one buffer count together.
      if (stuckAt !== submission.failedAt || outcome === EDEADLK) deadline = clock.now() + WAIT_BUDGET_MS;
      stuckAt = submission.failedAt;
    }
  } finally {
    submission.op.endWait();
    submission.backOff();
    line.leave(submission);
  }
}

/** Waits for what blocked the last attempt: DONE, EDEADLK to back off, or EBUSY when it takes too long. */
async function unblock(
  clock: Clock,
  submission: Submission,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { blockedOn, op, ticket } = submission;
  if (!(blockedOn instanceof Reservation)) {
    if (blockedOn !== null && !await fenceSignals(clock, blockedOn, deadline, signal)) return EBUSY;
  } else if (submission.ownerOf(blockedOn) === null) {
    // Its holder keeps room.
    op.beginWait("room", null);
    if (!await turnComes(clock, blockedOn, ticket, signal)) return EBUSY;
  } else {
    op.beginWait("reservation", submission.ownerOf(blockedOn));
    let outcome = blockedOn.tryLock(ticket);
    if (outcome === BLOCKED) outcome = await waitInLine(clock, blockedOn, ticket, signal, WAIT_BUDGET_MS);
    if (outcome === DONE) submission.adopt(blockedOn);
    if (outcome === BLOCKED) return EBUSY;
    if (outcome === EDEADLK) return EDEADLK;
  }
  submission.blockedOn = null;
  return DONE;
}
