import type { BufferObject, Placement } from "@ttm/core";
import type { DriverBench } from "./driver_bench.ts";
import { must, mustEqual } from "./suite.ts";

type Case = (bench: DriverBench) => Promise<void>;

/** Cases for submissions: the placement that a driver names, and its hooks around the work. */
export function submitCases(types: readonly string[]): Record<string, Case> {
  const cases: Record<string, Case> = {
    "a submission goes where the driver says, if its entries do not": goesWhereTheDriverSays,
    "a driver says which buffers are worth evicting, and evicts the others as well": saysWhatIsWorthEvicting,
  };
  for (const type of types.slice(1)) {
    cases[`a submission has its buffers in ${type}, and they are busy until its work has ended`] = async (bench) => {
      const buffers = [await bench.make("system", 1, 0), await bench.make(type, 2, 0)];
      const entries = buffers.map((buffer) => ({ buffer, placement: { placement: [{ memoryType: type }] } }));
      const work = bench.work();
      let seen: unknown;
      const fence = await bench.device.submit(entries, () => {
        seen = buffers.map(({ memoryType, reserved }) => [memoryType, reserved]);
        return work;
      });
      mustEqual(seen, [[type, true], [type, true]], "the buffers when the work was submitted");
      must(fence === work, () => `the submission has the fence ${fence}, not that of the work`);
      mustEqual(buffers.map(({ busy }) => busy), [true, true], "whether the buffers are busy");
      work.signal();
      await idle(buffers);
    };
    cases[`work in ${type} that throws ends its submission`] = async (bench) => {
      const buffer = await bench.make(type, 1, 0);
      const placement = { placement: [{ memoryType: type }] };
      const thrown = new Error("the work throws");
      const submitted = bench.device.submit([{ buffer, placement }], () => {
        throw thrown;
      });
      const error = await submitted.catch((error) => error);
      must(error === thrown, () => `the submission ended with ${error}`);
      must(!buffer.reserved, () => `${buffer} is still reserved`);
      await idle([buffer]);
      await bench.device.submit([{ buffer, placement }], () => {});
      await idle([buffer]);
    };
  }
  return cases;
}

/** Waits for the work on buffers. */
async function idle(buffers: readonly BufferObject[]): Promise<void> {
  for (const buffer of buffers) await buffer.wait();
}

async function goesWhereTheDriverSays({ device, driver, make }: DriverBench): Promise<void> {
  if (driver.defaultPlacement === undefined) return;
  for (const usage of ["read", "write"] as const) {
    const buffer = await make("system", 1, 0);
    const { placement, busyPlacement = [] }: Placement = driver.defaultPlacement(buffer, usage);
    await device.submit([{ buffer, usage }], () => {});
    const named = [...placement, ...busyPlacement].map(({ memoryType }) => memoryType);
    const where = buffer.memoryType ?? "no memory type";
    must(named.includes(where), () => `${buffer} is in ${where}, and the driver named ${named}`);
    await idle([buffer]);
  }
}

async function saysWhatIsWorthEvicting({ device, driver, types, make }: DriverBench): Promise<void> {
  if (driver.evictionValuable === undefined) return;
  for (const type of types.slice(1)) {
    const buffer = await make(type, 1, 0);
    const answer: unknown = driver.evictionValuable(buffer);
    must(typeof answer === "boolean", () => `evictionValuable returned ${answer} for ${buffer}`);
    const large = await make(type, device.usage(type).pages, 0);
    mustEqual([large.memoryType, buffer.memoryType === type], [type, false], "the buffers when one needs all of it");
    large.unref();
  }
}
