/** A mistake in what the caller asked for: it deserves one line, no stack trace. */
export class UsageError extends RangeError {
  /** Always `"UsageError"`. */
  override readonly name = "UsageError";
}
