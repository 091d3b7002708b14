/** What the simulated device is like. Sizes are bytes and are rounded down to whole pages of 4096 bytes. */
export interface CmaSimOptions {
  /** Size of the contiguous area that the device can address. */
  readonly carveOut: number;
  /** How much of it the rest of the system uses while the device does not. @default {0} */
  readonly movable?: number;
  /**
   * How much the device can see besides, as scattered pages that an IOMMU shows it as ranges: memory type `"iommu"`.
   *
   * @default {none}
   */
  readonly iommu?: number;
  /** Real bytes, or stamps for workloads larger than this machine's memory. @default {"bytes"} */
  readonly contents?: "bytes" | "stamps";
  /** The device has 32 address bits: its pages count in zones marked `dma32`. @default {false} */
  readonly dma32?: boolean;
}

/** The carve-out as the rest of the system sees it, in pages. */
export interface CarveOutStats {
  /** Pages of the system that live in the carve-out when they can. */
  readonly systemPages: number;
  /** Those of them that had to leave, and have not returned. */
  readonly away: number;
  /** How often one has left. */
  readonly left: number;
  /** How often one has returned. */
  readonly returned: number;
}
