import { type AllocationRequest, type BufferView, PAGE_SIZE, TtmError } from "@ttm/core";
import { checkInteger, checkOptions, checkWord, optionNames } from "@ttm/core/arguments";
import type { Access, ChunkKind, Range } from "./chunk.ts";
import { type GpuDevice, GpuUsage } from "./gpu_types.ts";

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

const BUFFER_OPTIONS = optionNames<GpuBufferOptions>({ access: true, usage: true });

/** Checks what a buffer declares; throws `EINVAL`. */
export function checkBufferOptions(options: object): void {
  checkOptions("declare a buffer", options, BUFFER_OPTIONS);
  const { access, usage } = options as GpuBufferOptions;
  if (access !== undefined) checkWord("declare a buffer", "access", access, ["read", "write"]);
  if (usage !== undefined) checkUsage("declare a buffer", usage);
}

/** What a request needs a chunk for. Throws `EINVAL` if the device can bind no buffer that large. */
export function kindOf(
  { buffer, pages }: AllocationRequest,
  options: { readonly usage: number; readonly slabBytes: number },
  limits: GpuDevice["limits"],
): ChunkKind {
  const { access, usage: flags } = (buffer?.driverOptions ?? {}) as GpuBufferOptions;
  const usage = flags === undefined ? options.usage : withCopies(flags);
  const { maxStorageBufferBindingSize: limit } = limits;
  const bytes = pages * PAGE_SIZE;
  if ((usage & GpuUsage.STORAGE) !== 0 && (buffer?.bytes ?? bytes) > limit) {
    const why = `${buffer} is larger than the device's maxStorageBufferBindingSize of ${limit} bytes`;
    throw new TtmError("EINVAL", why);
  }
  const isShared = access !== undefined && usage === options.usage && 2 * bytes <= options.slabBytes;
  return { usage, slab: isShared ? access : null };
}

/** Throws if a submission cannot use a buffer, or not in this way. */
export function mustBeUsable(buffer: BufferView, range: Range | null, usage: "read" | "write"): void {
  const { access } = (buffer.driverOptions ?? {}) as GpuBufferOptions;
  if (usage === "write" && access === "read") {
    throw new TtmError("EINVAL", `${buffer} was created with access "read", and the submission writes it`);
  }
  range?.tenant?.mustBeKnown();
  if (range?.chunk.buffer === null) throw new TtmError("ENOMEM", `the new device has no memory for ${buffer}`);
}

/** Checks flags of `GPUBufferUsage`, and adds those for copies. */
export function checkUsage(what: string, usage: number): number {
  checkInteger(what, "usage", usage, 0, 2 ** 31 - 1);
  if ((usage & (GpuUsage.MAP_READ | GpuUsage.MAP_WRITE)) !== 0) {
    throw new TtmError("EINVAL", `Cannot ${what}: usage ${usage} has flags of maps, which no other flag may join`);
  }
  return withCopies(usage);
}

function withCopies(usage: number): number {
  return usage | GpuUsage.COPY_SRC | GpuUsage.COPY_DST;
}
