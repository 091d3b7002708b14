import { assertEquals } from "@std/assert";
import { BoDevice, type BufferObject, type Fence, PAGE_SIZE, type Placement } from "@ttm/core";
import { type Binding, type GpuBufferOptions, slabs, WebGpu, type WebGpuOptions } from "./mod.ts";
import { type Bound, FakeGpu, type FakeOptions } from "./testing_fake_gpu.ts";

export const only = (memoryType: string): Placement => ({ placement: [{ memoryType }] });

/** Lets all work of the fake device end, and everybody who waits for it go on. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** A buffer of a submission. */
export interface Use {
  readonly buffer: BufferObject;
  readonly usage?: "read" | "write";
}

/** A device with the driver over a fake GPU. */
export interface Bench extends AsyncDisposable {
  readonly gpu: FakeGpu;
  readonly driver: WebGpu<FakeGpu>;
  readonly device: BoDevice;
  /** Makes a buffer in VRAM, filled with one value unless that is 0. */
  make(pages: number, fill?: number, driverOptions?: GpuBufferOptions): Promise<BufferObject>;
  bring(buffer: BufferObject, memoryType: string): Promise<void>;
  bytes(buffer: BufferObject, range?: { offset?: number; length?: number }): Promise<Uint8Array>;
  write(buffer: BufferObject, bytes: Uint8Array, offset?: number): Promise<void>;
  submit(uses: readonly Use[], run: () => Fence | void): Promise<Fence | null>;
  /** Submits work that fills buffers with a value. */
  fill(value: number, ...buffers: BufferObject[]): Promise<void>;
  end(): Promise<void>;
}

/** Makes the device; unless the test says otherwise nothing but staging waits, and 8 pages are for buffers. */
export function bench(options: Partial<WebGpuOptions<FakeGpu>> & FakeOptions = {}): Bench {
  const { memory, maxBufferSize, maxStorageBufferBindingSize, isSilent, resolvesWhenLost, ...rest } = options;
  const fake = { memory, maxBufferSize, maxStorageBufferBindingSize, isSilent, resolvesWhenLost };
  const set = Object.fromEntries(Object.entries(fake).filter(([, value]) => value !== undefined));
  const gpu = options.device ?? new FakeGpu(set);
  const driver = new WebGpu({ budget: 9 * PAGE_SIZE, stagingBytes: PAGE_SIZE, ...rest, device: gpu });
  const device = new BoDevice({ driver, managers: { vram: slabs(driver) } });
  const buffers: BufferObject[] = [];
  const reserved = async <Result>(buffer: BufferObject, act: () => Promise<Result>) => {
    using _reservation = await buffer.reserve();
    return await act();
  };
  const made: Bench = {
    gpu,
    driver,
    device,
    async make(pages, fill, driverOptions) {
      const options = driverOptions === undefined ? {} : { driverOptions };
      const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE, ...options });
      buffers.push(buffer);
      if (fill !== undefined && fill > 0) {
        await made.bring(buffer, "system");
        await made.write(buffer, new Uint8Array(buffer.bytes).fill(fill));
      }
      await made.bring(buffer, "vram");
      return buffer;
    },
    bring: (buffer, memoryType) => reserved(buffer, () => buffer.validate(only(memoryType))),
    bytes: (buffer, range) => reserved(buffer, () => buffer.read(range)),
    write: (buffer, bytes, offset = 0) => reserved(buffer, () => buffer.write(bytes, { offset })),
    submit: (uses, run) => device.submit(uses, run),
    async fill(value, ...buffers) {
      await made.submit(buffers.map((buffer) => ({ buffer })), () => fillAll(made, value, buffers));
    },
    async end() {
      for (const buffer of buffers) if (!buffer.disposed) buffer.unref();
      await device.close();
      await turn();
      const left = driver.device.buffers.filter((buffer) => !buffer.destroyed && !buffer.invalid).length;
      assertEquals([driver.device.uncaptured, driver.device.bytes, left], [[], 0, 0]);
    },
    [Symbol.asyncDispose]: () => made.end(),
  };
  return made;
}

function fillAll({ driver }: Bench, value: number, buffers: readonly BufferObject[]): void {
  for (const buffer of buffers) {
    driver.device.dispatch([bound(driver.bind(buffer), "write")], (bytes) => bytes.fill(value));
  }
}

/** A binding for a dispatch of the fake device. */
export function bound({ buffer, offset, size }: Binding<FakeGpu>, access: "read" | "write"): Bound {
  return { buffer, offset, size, access };
}
