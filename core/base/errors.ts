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
  | "EPERM"
  | "ESTALE";

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
  /** Why the call failed. */
  readonly code: TtmErrorCode;
  #report: NoRoomReport | (() => NoRoomReport) | undefined;

  /**
   * Makes an error; `options.cause` is what a driver or manager threw, and `options.report` is the report, or a
   * function that makes it when it is first read.
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
   * For an `ENOMEM` for lack of space in the memory types: the places that were tried and the buffers that could not be
   * evicted. Its counts are those at the time of the failure; the buffers are looked up when it is first read, and it
   * does not change from then on.
   */
  get report(): NoRoomReport | undefined {
    if (typeof this.#report === "function") this.#report = this.#report();
    return this.#report;
  }
}
