import { PAGE_SIZE, TtmError } from "@ttm/core";
import { checkBoolean, checkInteger, checkOptions as checkNames, optionNames, show } from "@ttm/core/arguments";
import { type GpuDevice, GpuUsage } from "./gpu_types.ts";

/** What a driver of WebGPU is made with. */
export interface WebGpuOptions {
  /** The device, which stays the caller's. */
  readonly device: GpuDevice;
  /**
   * How many bytes buffers may take on it, rounded down to pages of 4096 bytes. WebGPU does not tell how much there is, and
   * reports of running out of it cannot be relied on: choose less than the device has.
   */
  readonly budget: number;
  /** Flags of `GPUBufferUsage` that each buffer is made with; those for copies are added. @default {STORAGE} */
  readonly usage?: number;
  /**
   * Whether host memory keeps the bytes of what the device only reads, so that evicting it costs nothing; they are not in
   * the account of host pages, and are at most as many as the budget. Without them every eviction reads back. @default {true}
   */
  readonly keepHostCopies?: boolean;
  /** How many bytes may be on their way to or from the device at a time, beside the budget. @default {16 MiB} */
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
