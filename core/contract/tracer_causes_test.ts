import { assertEquals } from "@std/assert";
import { rangeManager } from "@ttm/first-fit";
import {
  type BufferObject,
  type BufferView,
  type EvictionCause,
  joinTracers,
  type MoveEvent,
  type TracedOperation,
  type Tracer,
} from "../mod.ts";
import { place, put, testDevice, touch, whileReserved } from "../testing_devices.ts";

function traced(options: Parameters<typeof testDevice>[0] = {}, more: Tracer = {}) {
  const evictions: { readonly buffer: BufferView; readonly eviction: EvictionCause }[] = [];
  const move = ({ buffer, eviction }: MoveEvent) => {
    if (eviction === null) return;
    const { forBuffer, pages, place, position, passedOver } = eviction;
    evictions.push({ buffer, eviction: { forBuffer, pages, place, position, passedOver: [...passedOver] } });
  };
  const made = testDevice({ ...options, tracer: { move, ...more } });
  /** For each eviction: the buffer, whom it was for, its position, and who was passed over. */
  const causes = () =>
    evictions.splice(0).map(({ buffer, eviction }) => {
      const passedOver = eviction.passedOver.map(({ buffer, reason }) => `${buffer.id} ${reason}`);
      return [buffer.id, eviction.forBuffer?.id ?? null, eviction.position, passedOver];
    });
  return { ...made, causes, evictions };
}

Deno.test("the cause of an eviction names the need, and what a driver or a hint spared", () => {
  const { device, driver, causes, evictions } = traced();
  const buffers = [0, 1, 2, 3].map(() => put(device, "vram", { pages: 2 }));
  Object.assign(driver, { evictionValuable: ({ id }: { id: number }) => id !== 0 });
  device.hint(buffers.slice(1, 2));
  const asked = { placement: [{ memoryType: "vram", lpfn: 8 }] };
  put(device, asked, { pages: 2 });
  const [event] = evictions;
  assertEquals([event?.eviction.pages, event?.eviction.place], [2, { memoryType: "vram", lpfn: 8 }]);
  assertEquals(causes(), [[2, 4, 2, ["0 not valuable", "1 hinted"]]]);
});

Deno.test("an eviction that makes room for another one names the buffer that leaves", () => {
  const { device, causes } = traced();
  for (const memoryType of ["gtt", "vram"]) put(device, memoryType, { pages: 8 });
  put(device, "vram", { pages: 8 });
  assertEquals(causes(), [[0, 1, 0, []], [1, 2, 0, []]]);
});

Deno.test("a range that is not allowed, and a victim that cannot leave, are passed over", () => {
  const { device, driver, causes } = traced();
  const buffers = [0, 1, 2].map(() => put(device, "vram", { pages: 2 }));
  const [stuck, victim] = buffers;
  for (const buffer of [stuck, victim]) touch(buffer as BufferObject, () => {});
  driver.beforeMove = ({ buffer }) => {
    if (buffer === stuck) throw new Error("stuck");
  };
  put(device, { placement: [{ memoryType: "vram", lpfn: 4 }] }, { pages: 2 });
  assertEquals(causes().at(-1), [1, 3, 2, ["2 outside the range", "0 cannot be moved"]]);
});

Deno.test("neighbours that are evicted together pass over those that are not adjacent", () => {
  const { device, causes } = traced({ managers: { vram: rangeManager({ scan: true }) } });
  const buffers = [0, 1, 2, 3].map(() => put(device, "vram", { pages: 2 }));
  for (const at of [1, 2, 3]) touch(buffers[at] as BufferObject, () => {});
  touch(buffers[1] as BufferObject, () => {});
  put(device, "vram", { pages: 4 });
  const evicted = causes();
  assertEquals(evicted.map(([buffer]) => buffer), [2, 3]);
  assertEquals(evicted.map(([, , , passedOver]) => passedOver), [["0 not adjacent"], ["0 not adjacent"]]);
});

Deno.test("evictFirst passes over pinned buffers, and serves no buffer", async () => {
  const { device, causes } = traced();
  const [first] = [put(device, "vram"), put(device, "vram")];
  first.tryReserve();
  first.pin();
  await device.evictFirst("vram");
  assertEquals(causes(), [[1, null, 1, ["0 pinned"]]]);
});

Deno.test("operations are told once for each call that does something, with the buffer and the ticket", async () => {
  const seen: string[] = [];
  const operation = ({ name, forBuffer, ticket }: TracedOperation) => {
    seen.push(`${name} ${forBuffer?.id ?? "-"} ${ticket === null ? "-" : "ticket"}`);
  };
  const { device } = traced({}, { operation });
  const buffer = device.createBuffer({ bytes: 1 });
  const vram = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
  place(buffer, vram);
  whileReserved(buffer, () => buffer.tryValidate(vram)); // found to be in place
  whileReserved(buffer, () => buffer.tryValidate(vram)); // known to be in place: nothing to do
  await whileReserved(buffer, () => buffer.read());
  await device.submit([{ buffer, placement: vram }], () => {});
  await device.evictAll("vram");
  await device.swapOut();
  assertEquals(seen, [
    "createBuffer 0 -",
    "validate 0 -",
    "validate 0 -",
    "read 0 -",
    "submit - ticket",
    "evictAll - -",
    "swapOut - -",
  ]);
});

Deno.test("a swapout is told with its operation, and passes over what has no pages", async () => {
  const seen: unknown[] = [];
  const swapOut = (_: unknown, { name }: TracedOperation) => void seen.push(name);
  const { device, causes } = traced({}, { swapOut });
  put(device, "gtt");
  put(device, "gtt");
  await device.swapOut({ memoryType: "gtt" });
  assertEquals([seen, causes()], [["swapOut"], [[0, null, 0, []]]]);
});

Deno.test("a place that becomes free without a move, and the handles of clients, are told", () => {
  const seen: string[] = [];
  const { device } = traced({}, {
    free: ({ id, memoryType }) => seen.push(`free ${id} ${memoryType}`),
    destroy: ({ id }) => seen.push(`destroy ${id}`),
    handle: ({ id }, { name }) => seen.push(`handle ${id} ${name}`),
  });
  const client = device.openClient("game");
  const buffer = client.buffer(client.createBuffer({ bytes: 1 }));
  place(buffer, "vram");
  place(buffer, "gtt");
  place(buffer, { placement: [] });
  place(buffer, "vram");
  client.close();
  assertEquals(seen, ["handle 0 game", "free 0 gtt", "free 0 vram", "destroy 0"]);
});

Deno.test("joined tracers are told in their order, and what none has is left out", () => {
  const seen: string[] = [];
  class Watch implements Tracer {
    #name = "second";
    use(): void {
      seen.push(this.#name);
    }
  }
  const joined = joinTracers({ use: () => seen.push("first") }, new Watch(), {
    use: () => seen.push("third"),
  });
  joined.use?.(undefined as never);
  assertEquals([seen, joined.move], [["first", "second", "third"], undefined]);
});
