/** A case of a module whose tests run apart. */
export interface Case {
  readonly name: string;
  readonly fn: () => void | Promise<void>;
}

/** Registers a case. */
export type Register = (name: string, fn: Case["fn"]) => void;

/** What a process of its own says of a case that it has run, as a line of JSON on its output. */
export interface Outcome {
  readonly name: string;
  /** The error with its stack, null if the case passed. */
  readonly failure: string | null;
}
