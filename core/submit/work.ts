import { Fence } from "../lock/fence.ts";
import { show } from "../base/arguments.ts";
import { TtmError } from "../base/errors.ts";

/** Submits work on the buffers of a submission to the device; returns the fence of that work, if it has one. */
export type Work = () => Fence | null | void;

/** The fence that the work or a hook returned; throws `EINVAL` for anything else. */
export function fenceOf(result: unknown, source: string): Fence | null {
  if (result === undefined || result === null) return null;
  if (result instanceof Fence) return result;
  if (result instanceof Promise) {
    // It is refused, and need not be handled by anybody.
    result.catch(() => {});
    throw new TtmError(
      "EINVAL",
      `Cannot submit: ${source} returned a promise; it must be synchronous, see FenceContext.follow`,
    );
  }
  throw new TtmError("EINVAL", `Cannot submit: ${source} returned ${show(result)}, neither a fence nor nothing`);
}
