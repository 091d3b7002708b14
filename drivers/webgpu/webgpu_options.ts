import { type BufferView, PAGE_SIZE, TtmError } from "@ttm/core";
import {
  checkBoolean,
  checkInteger,
  checkOptions as checkNames,
  checkWord,
  optionNames,
  show,
} from "@ttm/core/arguments";
import type { Access } from "./chunk.ts";
import type { LostDevice } from "./device_life.ts";
import { type GpuDevice, GpuUsage } from "./gpu_types.ts";

/** What was on a device that was lost. */
export interface LostContents extends LostDevice {
  /** Buffer objects whose only copy was on the device: reads of them are `EIO` until they are written as a whole. */
  readonly buffers: readonly BufferView[];
}

/** Options of a {@linkcode WebGpu} driver. Sizes are bytes. */
export interface WebGpuOptions<Device extends GpuDevice = GpuDevice> {
  /** The device; the caller keeps its ownership. */
  readonly device: Device;
  /**
   * The most bytes that the driver holds on the device: buffers in use and idle, staging, and what is being destroyed.
   * WebGPU does not report the size of its memory, and does not reliably report that it is used up: choose less than the
   * device has.
   */
  readonly budget: number;
  /** Flags of `GPUBufferUsage` for buffers that declare none; the driver adds those for copies. @default {STORAGE} */
  readonly usage?: number;
  /**
   * Whether the host keeps a copy of buffers that the device only reads, so that their eviction needs no readback. The
   * copies are not counted as host pages, and take at most the budget. Without them every eviction reads back. @default
   * {true}
   */
  readonly keepHostCopies?: boolean;
  /** The part of the budget that only readbacks take; whole pages. @default {a sixteenth of it, at most 16 MiB} */
  readonly stagingBytes?: number;
  /** Size of the `GPUBuffer`s that small buffers share; whole pages. @default {an eighth of the budget, at most 64 MiB} */
  readonly slabBytes?: number;
  /** Uploads that may be in flight before one waits; the implementation keeps copies of them. @default {128 MiB} */
  readonly uploadBytes?: number;
  /**
   * Brings a new device when the present one is lost, or null. The driver then builds everything up on it from the
   * host's copies; until then submissions and moves wait. Left out: they fail with `EIO`.
   */
  readonly recover?: (lost: LostDevice) => Promise<Device | null>;
  /** Called when the device is lost, with the buffers whose contents are lost. Must not throw. */
  readonly onLost?: (lost: LostContents) => void;
  /** Called when a buffer object comes to another `GPUBuffer` or offset than it was at before. Must not throw. */
  readonly onRebound?: (buffer: BufferView) => void;
}

/** What a buffer object declares to the driver, as `driverOptions` of `createBuffer`. */
export interface GpuBufferOptions {
  /**
   * How the device uses it: `"read"`: it is only ever bound as read-only, `"write"`: as read-write. Small buffers that
   * declare it share `GPUBuffer`s with others of the same access; WebGPU does not allow a dispatch to bind one
   * `GPUBuffer` both ways. Left out: the buffer has a `GPUBuffer` of its own, and may be bound in any way.
   */
  readonly access?: Access;
  /** Flags of `GPUBufferUsage`; the driver adds those for copies. @default {the driver's} */
  readonly usage?: number;
}

/** @internal Options that have been checked. */
export interface CheckedWebGpuOptions<Device extends GpuDevice> extends WebGpuOptions<Device> {
  readonly usage: number;
  readonly keepHostCopies: boolean;
  readonly stagingBytes: number;
  readonly slabBytes: number;
  readonly uploadBytes: number;
}

const CREATE = "create webgpu";
const OPTIONS = optionNames<WebGpuOptions>({
  device: true,
  budget: true,
  usage: true,
  keepHostCopies: true,
  stagingBytes: true,
  slabBytes: true,
  uploadBytes: true,
  recover: true,
  onLost: true,
  onRebound: true,
});
const BUFFER_OPTIONS = optionNames<GpuBufferOptions>({ access: true, usage: true });
const COPY = GpuUsage.COPY_SRC | GpuUsage.COPY_DST;
const MiB = 2 ** 20;
/** A budget must have room for staging besides buffers. */
const LEAST_BUDGET = 2 * PAGE_SIZE;

/** Checks the options; throws `EINVAL`. */
export function checkOptions<Device extends GpuDevice>(options: WebGpuOptions<Device>): CheckedWebGpuOptions<Device> {
  checkNames(CREATE, options, OPTIONS);
  const { device, usage = GpuUsage.STORAGE, keepHostCopies = true, uploadBytes = 128 * MiB } = options;
  if (typeof device?.createBuffer !== "function" || typeof device.queue?.submit !== "function") {
    throw new TtmError("EINVAL", `Cannot ${CREATE}: device must be a GPUDevice, not ${show(device)}`);
  }
  const budget = checkBudget(CREATE, options.budget);
  const slabDefault = 2 ** Math.floor(Math.log2(Math.max(budget / 8, PAGE_SIZE)));
  const { stagingBytes = wholePages(budget / 16, 16 * MiB), slabBytes = Math.min(slabDefault, 64 * MiB) } = options;
  for (const name of ["recover", "onLost", "onRebound"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "function") {
      throw new TtmError("EINVAL", `Cannot ${CREATE}: ${name} must be a function, not ${show(options[name])}`);
    }
  }
  checkBoolean(CREATE, "keepHostCopies", keepHostCopies);
  return {
    ...options,
    usage: checkUsage(CREATE, usage),
    keepHostCopies,
    stagingBytes: checkPages("stagingBytes", stagingBytes, budget - PAGE_SIZE),
    slabBytes: checkPages("slabBytes", slabBytes, device.limits.maxBufferSize),
    uploadBytes: checkInteger(CREATE, "uploadBytes", uploadBytes, PAGE_SIZE, Number.MAX_SAFE_INTEGER),
  };
}

/** Checks a budget in bytes. */
export function checkBudget(what: string, budget: number): number {
  return checkInteger(what, "budget", budget, LEAST_BUDGET, Number.MAX_SAFE_INTEGER);
}

/** Checks what a buffer declares, and completes it. */
export function checkBufferOptions(options: object): void {
  checkNames("declare a buffer", options, BUFFER_OPTIONS);
  const { access, usage } = options as GpuBufferOptions;
  if (access !== undefined) checkWord("declare a buffer", "access", access, ["read", "write"]);
  if (usage !== undefined) checkUsage("declare a buffer", usage);
}

/** The flags of a buffer's `GPUBuffer`. */
export function withCopies(usage: number): number {
  return usage | COPY;
}

function checkUsage(what: string, usage: number): number {
  checkInteger(what, "usage", usage, 0, 2 ** 31 - 1);
  if ((usage & (GpuUsage.MAP_READ | GpuUsage.MAP_WRITE)) !== 0) {
    throw new TtmError("EINVAL", `Cannot ${what}: usage ${usage} has flags of maps, which no other flag may join`);
  }
  return withCopies(usage);
}

function wholePages(bytes: number, most: number): number {
  return Math.max(PAGE_SIZE, Math.floor(Math.min(bytes, most) / PAGE_SIZE) * PAGE_SIZE);
}

function checkPages(name: string, bytes: number, most: number): number {
  checkInteger(CREATE, name, bytes, PAGE_SIZE, most);
  if (bytes % PAGE_SIZE !== 0) {
    throw new TtmError("EINVAL", `Cannot ${CREATE}: ${name} must be whole pages of ${PAGE_SIZE} bytes, not ${bytes}`);
  }
  return bytes;
}
