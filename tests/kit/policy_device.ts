import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Driver,
  type EvictionCursor,
  type EvictionPolicy,
  PAGE_SIZE,
  type Tracer,
} from "@ttm/core";
import { counted } from "./counted.ts";
import { must, mustEqual, randomNumbers } from "./suite.ts";

/** Far more entries than a walk over this device can have. */
const MANY = 10_000;

/** The same policy, whose walks fail if they do not end, so that a faulty one does not hang the device. */
function withEnd(policy: EvictionPolicy): EvictionPolicy {
  return new Proxy(policy, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "candidates") return member.bind(target);
      return (...args: Parameters<EvictionPolicy["candidates"]>): EvictionCursor => {
        const walk = target.candidates(...args);
        let left = MANY;
        return {
          next() {
            must(left-- > 0, () => `a walk over ${args[0]} has returned ${MANY} entries: does it end?`);
            return walk.next();
          },
          close: () => walk.close(),
        };
      };
    },
  });
}

/** Uses a policy at random on a device and checks, inspects or does nothing in between; returns the evicted buffers. */
export async function onDevice(policy: EvictionPolicy, between: "check" | "look" | "pass"): Promise<number[]> {
  const driver: Driver = {
    name: "window",
    memoryTypes: [{ name: "system" }, { name: "gtt", pages: 16 }],
    evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
  };
  const evicted: number[] = [];
  const tracer: Tracer = { move: ({ buffer, evict }) => evict ? evicted.push(buffer.id) : undefined };
  const device = new BoDevice({ driver, managers: { gtt: counted() }, policy: withEnd(policy), tracer });
  const random = randomNumbers(7);
  const buffers: BufferObject[] = [];
  for (let turn = 0; turn < 400; turn++) {
    const buffer = buffers[random(12)] ??
      device.createBuffer({ bytes: (1 + random(4)) * PAGE_SIZE, priority: random(4) });
    if (!buffers.includes(buffer)) buffers.push(buffer);
    await buffer.reserve();
    if (buffer.pins > 0) buffer.unpin();
    else if (random(8) > 0) await buffer.validate({ placement: [{ memoryType: "gtt" }] });
    else if (random(2) === 0 && device.pinned.length === 0) buffer.pin();
    buffer.unreserve();
    if (turn % 7 === 0) device.hint(buffers.filter(() => random(3) > 0));
    if (random(10) === 0 && buffer.pins === 0) buffers.splice(buffers.indexOf(buffer), 1)[0]?.unref();
    if (between === "check") checkInvariants(device);
    else if (between === "look") [device.lru("gtt"), device.dump()];
  }
  for (const buffer of buffers) {
    await buffer.reserve();
    while (buffer.pins > 0) buffer.unpin();
    buffer.unreserve();
  }
  await device.evictAll("gtt");
  mustEqual(device.usage("gtt").residents, 0, "what is left after evictAll()");
  for (const buffer of buffers) buffer.unref();
  await device.close();
  return evicted;
}
