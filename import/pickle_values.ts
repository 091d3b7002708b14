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

/** Data of a pickle; tuples are lists, and whole numbers beyond 2^53 are rounded. */
export type PickleValue = number | string | boolean | null | undefined | PickleDict | PickleValue[];
