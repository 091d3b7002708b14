import { checkInvariants, type Driver, PAGE_SIZE, TtmError } from "@ttm/core";
import { bytesOf, type DriverBench, type DriverParts } from "./driver_bench.ts";
import { must } from "./suite.ts";

type Case = (bench: DriverBench) => Promise<void>;

/** Cases for ranges of a memory type, which managers without addresses do not have. */
export function addressCases(managers: DriverParts["managers"]): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const [type, { startOf }] of Object.entries(managers)) {
    if (startOf === undefined) {
      cases[`a place with a range in ${type}, which has no addresses, has no room`] = async ({ make }) => {
        const buffer = await make("system", 1, 0);
        await buffer.reserve();
        const placement = { placement: [{ memoryType: type, fpfn: 1 }] };
        const error = await buffer.validate(placement).then(() => null, (error) => error);
        buffer.unreserve();
        must(error instanceof TtmError && error.code === "ENOMEM", () => `validate gave ${error}`);
      };
      continue;
    }
    cases[`a buffer moved within ${type} keeps its bytes`] = async (bench) => {
      const { device, make, mustHold } = bench;
      const pages = device.usage(type).pages;
      const buffer = await make(type, 2, 3);
      for (const [fpfn, lpfn] of [[pages - 2, pages], [0, 2], [2, pages]] as const) {
        await buffer.reserve();
        await buffer.validate({ placement: [{ memoryType: type, fpfn, lpfn }] });
        buffer.unreserve();
        await mustHold(buffer, 3);
      }
    };
  }
  return cases;
}

/** Cases for maps of the CPU; `unseen` are the memory types that it cannot map. */
export function mapCases(types: readonly string[], unseen: Driver["memoryTypes"]): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const from of types) {
    if (unseen.some(({ name }) => name === from)) {
      cases[`a map of a buffer in ${from}, which the CPU cannot see, is EINVAL`] = async ({ make }) => {
        const buffer = await make(from, 1, 0);
        await buffer.reserve();
        const error = await buffer.map().then(() => null, (error) => error);
        buffer.unreserve();
        must(error instanceof TtmError && error.code === "EINVAL", () => `the map gave ${error}`);
      };
      continue;
    }
    cases[`a map of a buffer in ${from} is the buffer's memory`] = async ({ device, make, mustHold, settle }) => {
      const buffer = await make(from, 2, 5);
      await buffer.reserve();
      const map = await buffer.map({ firstPage: 1, pages: 1 });
      const expected = bytesOf(2 * PAGE_SIZE, 5).subarray(PAGE_SIZE);
      must(map.bytes.every((byte, at) => byte === expected[at]), () => "the map shows other bytes");
      map.bytes.set(bytesOf(2 * PAGE_SIZE, 6).subarray(PAGE_SIZE));
      checkInvariants(device);
      map[Symbol.dispose]();
      await buffer.write(bytesOf(2 * PAGE_SIZE, 6).subarray(0, PAGE_SIZE));
      buffer.unreserve();
      await settle();
      await mustHold(buffer, 6);
    };
  }
  return cases;
}
