import { assert, assertEquals } from "@std/assert";
import type { GpuDevice, WebGpu } from "./mod.ts";
import { type Fill, useAtRandom } from "./testing_random_use.ts";

/** A device that can be taken away. */
type Destructible = GpuDevice & { destroy(): void };

/** What is done while devices are lost. */
export interface RandomLosses<Device extends Destructible> {
  /** Makes a device; each loss is followed by another one. */
  readonly open: () => Promise<Device>;
  readonly operations: number;
  /** How often the device is destroyed. */
  readonly times: number;
  readonly seed: number;
  readonly fill: Fill<Device>;
}

/** What became of it. */
export interface LostAtRandom<Device extends Destructible> {
  readonly driver: WebGpu<Device>;
  /** Names of the buffers whose contents were lost, one for each loss. */
  readonly lost: readonly string[];
  /** The last device. */
  readonly device: Device;
}

/**
 * Destroys the device of a driver at random moments of random use. Throws if a byte is wrong, or if a use of a buffer
 * fails whose loss was not reported.
 */
export async function loseAtRandom<Device extends Destructible>(
  { open, operations, times, seed, fill }: RandomLosses<Device>,
): Promise<LostAtRandom<Device>> {
  let state = seed;
  const random = (below: number) => (state = state * 48271 % 2147483647) % below;
  const moments = new Set<number>();
  while (moments.size < Math.min(times, operations)) moments.add(random(operations));
  const lost: string[] = [];
  let device = await open();
  let made = 1;
  const { driver, failed } = await useAtRandom({
    gpu: device,
    operations,
    seed,
    fill,
    mayLose: true,
    before: (left) => moments.has(left) && device.destroy(),
    options: {
      recover: async () => {
        made++;
        return device = await open();
      },
      onLost: ({ buffers }) => void lost.push(...buffers.map(String)),
    },
  });
  assertEquals(failed.filter((name) => !lost.includes(name)), [], "every loss is reported");
  assert(made > 1 && driver.device === device, `${made} devices`);
  return { driver, lost, device };
}
