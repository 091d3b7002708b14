import type { EvictionPolicy } from "@ttm/core";
import { checkMethods } from "@ttm/core/arguments";

/** Throws EINVAL unless a value has the members of a policy. */
export function checkPolicy(what: string, inner: EvictionPolicy): EvictionPolicy {
  checkMethods(what, "inner", inner, ["insert", "touch", "remove", "candidates"]);
  return inner;
}
