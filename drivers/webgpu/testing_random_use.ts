import { assert, assertEquals } from "@std/assert";
import { BoDevice, type BufferObject, checkInvariants, PAGE_SIZE, TtmError } from "@ttm/core";
import { type Binding, type GpuDevice, slabs, WebGpu, type WebGpuOptions } from "./mod.ts";

/** Makes the device of a driver fill a bound buffer with one value. */
export type Fill<Device extends GpuDevice> = (device: Device, binding: Binding<Device>, value: number) => void;

const LIVE = 32;
const MAX_PAGES = 4;
/** A quarter of what the buffers need, and staging. */
export const BUDGET: number = (LIVE * MAX_PAGES / 4) * PAGE_SIZE;

interface Known {
  readonly buffer: BufferObject;
  readonly access: "read" | "write" | undefined;
  /** The expected bytes: `value`, except for `byte` at `at`. */
  value: number;
  at: number;
  byte: number;
  /** Whether a loop uses it; the others leave it alone. */
  isInUse: boolean;
}

/** What random use is to do. */
export interface RandomUse<Device extends GpuDevice> {
  readonly gpu: Device;
  readonly operations: number;
  readonly seed: number;
  readonly fill: Fill<Device>;
  readonly options?: Partial<WebGpuOptions<Device>>;
  /** Called before each operation. */
  readonly before?: (left: number, driver: WebGpu<Device>) => unknown;
  /** Whether contents may be lost, as an error and never as wrong bytes. */
  readonly mayLose?: boolean;
}

/** What became of it. */
export interface UsedAtRandom<Device extends GpuDevice> {
  readonly driver: WebGpu<Device>;
  /** Names of the buffers that a use failed of because contents were lost, one for each failure. */
  readonly failed: readonly string[];
}

/**
 * Uses a device at random, in four concurrent loops, with a quarter of the memory that the buffers need; compares the
 * contents whenever they are read. Throws if a byte is wrong or the budget was exceeded.
 */
export async function useAtRandom<Device extends GpuDevice>(use: RandomUse<Device>): Promise<UsedAtRandom<Device>> {
  const { gpu, operations, seed, before, mayLose = false } = use;
  let state = seed;
  const random = (below: number) => (state = state * 48271 % 2147483647) % below;
  const driver = new WebGpu({ device: gpu, budget: BUDGET, stagingBytes: 4 * PAGE_SIZE, ...use.options });
  const device = new BoDevice({ driver, managers: { vram: slabs(driver) } });
  const party: Party<Device> = { driver, device, random, fill: use.fill, failed: [], mayLose };
  const pool: Known[] = [];
  const make = (): Known => {
    const pages = random(4) === 0 ? 1 + random(MAX_PAGES) : MAX_PAGES;
    const access = ([undefined, "read", "write"] as const)[random(3)];
    const options = access === undefined ? {} : { driverOptions: { access } };
    const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE - random(2) * 7, ...options });
    return { buffer, access, value: 0, at: 0, byte: 0, isInUse: false };
  };
  for (let at = 0; at < LIVE; at++) pool.push(make());
  let left = operations;
  const run = async () => {
    while (left-- > 0) {
      before?.(left, driver);
      const index = random(LIVE);
      const known = pool[index] as Known;
      if (known.isInUse) {
        await null;
        continue;
      }
      known.isInUse = true;
      if (random(40) === 0) {
        pool[index] = make();
        known.buffer.unref();
      } else await useOnce(party, known);
      known.isInUse = false;
      assert(driver.stats.deviceBytes <= BUDGET, `${driver.stats.deviceBytes} bytes on the device`);
    }
  };
  await Promise.all(Array.from({ length: 4 }, run));
  checkInvariants(device);
  for (const known of pool) {
    await reserved(known, () => mustHold(party, known));
    known.buffer.unref();
  }
  await device.close();
  return { driver, failed: party.failed };
}

interface Party<Device extends GpuDevice> {
  readonly driver: WebGpu<Device>;
  readonly device: BoDevice;
  readonly random: (below: number) => number;
  readonly fill: Fill<Device>;
  readonly failed: string[];
  readonly mayLose: boolean;
}

async function useOnce<Device extends GpuDevice>(party: Party<Device>, known: Known): Promise<void> {
  const { random, device, driver } = party;
  const { buffer, access } = known;
  const act = random(12);
  try {
    if (act < 5 && access !== "read") {
      const value = 1 + random(255);
      await device.submit([{ buffer }], () => {
        party.fill(driver.device, driver.bind(buffer), value);
        known.value = known.byte = value;
      });
    } else if (act < 7) await device.submit([{ buffer, usage: "read" }], () => {});
    else {
      const placement = { placement: [{ memoryType: random(5) === 0 ? "system" : "vram" }] };
      await device.submit([{ buffer, usage: "read", placement }], () => {});
      await reserved(known, () => accessOnce(party, known, act));
    }
  } catch (error) {
    await forgive(party, known, error);
  }
}

async function accessOnce<Device extends GpuDevice>(party: Party<Device>, known: Known, act: number): Promise<void> {
  const { buffer } = known;
  const { random } = party;
  if (act < 8 && known.byte === known.value) {
    const [at, byte] = [random(buffer.bytes), random(256)];
    await buffer.write(new Uint8Array([byte]), { offset: at });
    [known.at, known.byte] = [at, byte];
  } else if (act < 9) {
    await buffer.write(new Uint8Array(buffer.bytes).fill(known.value));
    known.byte = known.value;
  } else if (act < 11) {
    const offset = random(buffer.bytes);
    const bytes = await buffer.read({ offset, length: Math.min(1 + random(64), buffer.bytes - offset) });
    mustBe(known, offset, bytes);
  } else await mustHold(party, known);
}

async function mustHold<Device extends GpuDevice>(party: Party<Device>, known: Known): Promise<void> {
  try {
    mustBe(known, 0, await known.buffer.read());
  } catch (error) {
    if (!isLoss(party, error)) throw error;
    party.failed.push(`${known.buffer}`);
  }
}

function mustBe({ buffer, value, at, byte }: Known, offset: number, bytes: Uint8Array): void {
  const wrong = bytes.findIndex((found, index) => found !== (offset + index === at ? byte : value));
  assertEquals(wrong, -1, `${buffer} in ${buffer.memoryType} at byte ${offset + wrong}: ${bytes[wrong]}, not ${value}`);
}

/** What is lost is written anew, from nothing. */
async function forgive<Device extends GpuDevice>(party: Party<Device>, known: Known, error: unknown): Promise<void> {
  if (!isLoss(party, error)) throw error;
  party.failed.push(`${known.buffer}`);
  await reserved(known, async () => {
    await known.buffer.validate({ placement: [] });
  });
  known.value = known.byte = 0;
}

function isLoss<Device extends GpuDevice>({ mayLose }: Party<Device>, error: unknown): boolean {
  return mayLose && error instanceof TtmError && error.code === "EIO";
}

async function reserved(known: Known, act: () => Promise<void>): Promise<void> {
  using _reservation = await known.buffer.reserve();
  await act();
}
