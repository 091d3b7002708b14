/** A dict of which only the wanted keys were kept. */
export class PickleDict {
  /** The offset where it was last filled, for error messages. */
  at: number;
  [wanted: string]: PickleValue;

  /** Makes an empty dict at this offset. */
  constructor(at: number) {
    this.at = at;
  }
}

/** Stands for every container under a key that is not wanted, so that call stacks take no memory. */
export const PASSED_OVER: unique symbol = Symbol("what was passed over");

/** Data of a pickle; tuples are lists, and whole numbers beyond 2^53 are rounded. */
export type PickleValue =
  | number
  | string
  | boolean
  | null
  | undefined
  | PickleDict
  | typeof PASSED_OVER
  | PickleValue[];
