/** A read-only view of a device, for the devices that share a `Global` with it. */
export interface DeviceView {
  /** Names of its memory types; the first is `"system"`. */
  readonly memoryTypes: readonly string[];
  /** Number of buffers with references. */
  readonly liveBuffers: number;
  /** Number of ghost objects, and of buffers without references, that submitted work still uses. */
  readonly dyingBuffers: number;
}
