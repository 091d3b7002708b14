import type { NoRoomReport } from "./no_room_report.ts";

/** Why a call failed, named after the errno of the kernel's TTM. */
export type TtmErrorCode =
  | "EAGAIN"
  | "EALREADY"
  | "EBUSY"
  | "EDEADLK"
  | "EINVAL"
  | "EIO"
  | "ENODEV"
  | "ENOMEM"
  | "ENOSPC"
  | "EPERM";

/**
 * The one error class of `@ttm/*`. Callers decide by {@linkcode TtmError.code}; messages are for people and read
 * "Cannot <do what>: <what is wrong, with the values>".
 *
 * @example Deciding by code
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TtmError } from "@ttm/core";
 *
 * const error = new TtmError("ENOMEM", "Cannot validate buffer 3: no room for 16 pages in vram");
 * assertEquals(error.code, "ENOMEM");
 * ```
 */
export class TtmError extends Error {
  /** Always `"TtmError"`. */
  override readonly name = "TtmError";
  /** The reason as a code. */
  readonly code: TtmErrorCode;
  #report: NoRoomReport | (() => NoRoomReport) | undefined;

  /**
   * Makes an error; `options.cause` carries what a driver or manager threw, and `options.report` the report, or how to make it
   * when it is first read.
   */
  constructor(
    code: TtmErrorCode,
    message: string,
    options: ErrorOptions & { report?: NoRoomReport | (() => NoRoomReport) } = {},
  ) {
    super(message, options);
    this.code = code;
    this.#report = options.report;
  }

  /**
   * With `ENOMEM` for want of room: what was tried and who stood in the way. Its counts are of the moment of the failure; the
   * buffers in the way are looked up when it is first read, and it stays the same from then on.
   */
  get report(): NoRoomReport | undefined {
    if (typeof this.#report === "function") this.#report = this.#report();
    return this.#report;
  }
}
