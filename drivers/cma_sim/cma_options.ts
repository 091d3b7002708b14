/** Options of the simulated device. Sizes are bytes and are rounded down to whole pages of 4096 bytes. */
export interface CmaSimOptions {
  /** Size of the contiguous area that the device can address. */
  readonly carveOut: number;
  /** How many bytes of it the rest of the system uses while the device does not. @default {0} */
  readonly movable?: number;
  /**
   * Size of memory type `"iommu"`: scattered pages that an IOMMU maps for the device.
   *
   * @default {none}
   */
  readonly iommu?: number;
  /** Real bytes, or stamps for workloads larger than this machine's memory. @default {"bytes"} */
  readonly contents?: "bytes" | "stamps";
  /** The device has 32 address bits: its pages count in zones marked `dma32`. @default {false} */
  readonly dma32?: boolean;
}

/** The system's use of the carve-out, in pages. */
export interface CarveOutStats {
  /** Pages of the system that belong to the carve-out. */
  readonly systemPages: number;
  /** How many of them are migrated out of it now. */
  readonly away: number;
  /** How many pages have been migrated out of it so far. */
  readonly left: number;
  /** How many pages have been migrated back so far. */
  readonly returned: number;
}
