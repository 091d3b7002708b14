import type { TtmErrorCode } from "./errors.ts";

/**
 * How one synchronous attempt ended: 0 is done, {@linkcode BLOCKED} has to wait for one fence or lock, everything else
 * is a negated kernel errno. Failures are values inside the core because a throw costs more than most attempts.
 */
export type Outcome = number;

export const DONE = 0;
/** The operation record names the fence to wait for; every structure is consistent. */
export const BLOCKED = -1000;

/** Room is about to be free but must not be waited for; other places may do. Never leaves the core. */
export const LATER = -1001;

export const EIO = -5;
export const EAGAIN = -11;
export const ENOMEM = -12;
export const EBUSY = -16;
export const ENODEV = -19;
export const EINVAL = -22;
export const ENOSPC = -28;
export const EDEADLK = -35;
/** The driver wants the move to go through another memory type first. Never returned to callers of the core. */
export const EMULTIHOP = -72;
export const EALREADY = -114;

const codes: ReadonlyMap<Outcome, TtmErrorCode> = new Map([
  [EIO, "EIO"],
  [EAGAIN, "EAGAIN"],
  [ENOMEM, "ENOMEM"],
  [EBUSY, "EBUSY"],
  [ENODEV, "ENODEV"],
  [EINVAL, "EINVAL"],
  [ENOSPC, "ENOSPC"],
  [EDEADLK, "EDEADLK"],
  [EALREADY, "EALREADY"],
]);

/** The public code of a failure. */
export function codeOf(outcome: Outcome): TtmErrorCode {
  return codes.get(outcome) ?? "EIO";
}

/** The outcome of a public code; EIO for codes without an errno above. */
export function outcomeOf(code: TtmErrorCode): Outcome {
  for (const [outcome, name] of codes) if (name === code) return outcome;
  return EIO;
}
