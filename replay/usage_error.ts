/** A mistake of the caller, reported in one line without a stack trace. */
export class UsageError extends RangeError {
  /** Always `"UsageError"`. */
  override readonly name = "UsageError";
}
