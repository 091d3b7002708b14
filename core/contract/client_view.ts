/** A client as drivers see it: who asks, and nothing that could act for it. */
export interface ClientView {
  /** For people and for the driver. */
  readonly name: string;
  /** The handles that it has of buffers, in the order in which they were made. */
  readonly handles: readonly number[];
}
