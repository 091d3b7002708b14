import { PAGE_SIZE, TtmError } from "@ttm/core";
import { checkBoolean, checkInteger, checkOptions as checkNames, optionNames, show } from "@ttm/core/arguments";
import { type GpuDevice, GpuUsage } from "./gpu_types.ts";

/** Options of a {@linkcode WebGpu} driver. */
export interface WebGpuOptions {
  /** The device; the caller keeps its ownership. */
  readonly device: GpuDevice;
  /**
   * The most bytes of buffers on the device, rounded down to pages of 4096 bytes. WebGPU does not report the size of
   * its memory, and does not reliably report that it is used up: choose less than the device has.
   */
  readonly budget: number;
  /** Flags of `GPUBufferUsage` for each buffer; the driver adds those for copies. @default {STORAGE} */
  readonly usage?: number;
  /**
   * Whether the host keeps a copy of buffers that the device only reads, so that their eviction needs no readback. The
   * copies are not counted as host pages, and take at most the budget. Without them every eviction reads back. @default
   * {true}
   */
  readonly keepHostCopies?: boolean;
  /** The most bytes in flight to or from the device at a time, in addition to the budget. @default {16 MiB} */
  readonly stagingBytes?: number;
}

/** @internal Options that have been checked. */
export type CheckedWebGpuOptions = Required<WebGpuOptions>;

const CREATE = "create webgpu";
const OPTIONS = optionNames<WebGpuOptions>({
  device: true,
  budget: true,
  usage: true,
  keepHostCopies: true,
  stagingBytes: true,
});
const MAPPABLE = GpuUsage.MAP_READ | GpuUsage.MAP_WRITE;

/** Checks the options; throws `EINVAL`. */
export function checkOptions(options: WebGpuOptions): CheckedWebGpuOptions {
  checkNames(CREATE, options, OPTIONS);
  const { device, usage = GpuUsage.STORAGE, keepHostCopies = true, stagingBytes = 16 * 2 ** 20 } = options;
  if (typeof device?.createBuffer !== "function" || typeof device.queue?.submit !== "function") {
    throw new TtmError("EINVAL", `Cannot ${CREATE}: device must be a GPUDevice, not ${show(device)}`);
  }
  checkInteger(CREATE, "usage", usage, 0, 2 ** 31 - 1);
  if ((usage & MAPPABLE) !== 0) {
    throw new TtmError("EINVAL", `Cannot ${CREATE}: usage ${usage} has flags of maps, which no other flag may join`);
  }
  checkBoolean(CREATE, "keepHostCopies", keepHostCopies);
  return {
    device,
    budget: checkInteger(CREATE, "budget", options.budget, PAGE_SIZE, Number.MAX_SAFE_INTEGER),
    usage: usage | GpuUsage.COPY_SRC | GpuUsage.COPY_DST,
    keepHostCopies,
    stagingBytes: checkInteger(CREATE, "stagingBytes", stagingBytes, PAGE_SIZE, Number.MAX_SAFE_INTEGER),
  };
}
