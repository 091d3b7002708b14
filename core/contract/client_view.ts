/** A read-only view of a client, for drivers. */
export interface ClientView {
  /** The name given by `BoDevice.openClient`, for messages and for the driver. */
  readonly name: string;
  /** Its buffer handles, in the order in which they were made. */
  readonly handles: readonly number[];
}
