/** A device as others see it that share its memory: who it is, and nothing that could change it. */
export interface DeviceView {
  /** Names of its memory types; the first is `"system"`. */
  readonly memoryTypes: readonly string[];
  /** Buffers that have users. */
  readonly liveBuffers: number;
  /** Buffers without users, and old places of moved buffers, that submitted work still uses. */
  readonly dyingBuffers: number;
}
