import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type BufferView, PAGE_SIZE, TtmError } from "@ttm/core";
import { type Binding, type GpuBufferOptions, GpuUsage, WebGpu } from "./mod.ts";
import { bench, bound } from "./testing_bench.ts";
import type { FakeGpu } from "./testing_fake_gpu.ts";

const read: GpuBufferOptions = { access: "read" };
const write: GpuBufferOptions = { access: "write" };
const layout = {};

Deno.test("bind() outside a submission, or of a buffer that is not part of it, is EINVAL", async () => {
  await using t = bench();
  const [buffer, other] = [await t.make(1), await t.make(1)];
  assertEquals(assertThrows(() => t.driver.bind(buffer), TtmError).code, "EINVAL");
  await t.submit([{ buffer }], () => {
    assertEquals(assertThrows(() => t.driver.bind(other), TtmError, "is not part of the submission").code, "EINVAL");
    assertEquals(t.driver.bind(buffer).size, PAGE_SIZE);
  });
});

Deno.test("the members of a binding are ESTALE after the callback, also in a later submission of the buffer", async () => {
  await using t = bench();
  const buffer = await t.make(1);
  let kept: Binding<FakeGpu> | undefined;
  await t.submit([{ buffer }], () => void (kept = t.driver.bind(buffer)));
  const members = ["buffer", "offset", "size"] as const;
  const codes = () => members.map((name) => assertThrows(() => kept?.[name], TtmError).code);
  assertEquals(codes(), ["ESTALE", "ESTALE", "ESTALE"]);
  await t.submit([{ buffer }], () => assertEquals(codes(), ["ESTALE", "ESTALE", "ESTALE"]));
});

Deno.test("the size of a binding is what was asked for, in whole words", async () => {
  await using t = bench();
  using buffer = t.device.createBuffer({ bytes: PAGE_SIZE - 6 });
  await t.submit([{ buffer }], () => assertEquals(t.driver.bind(buffer).size, PAGE_SIZE - 4));
});

Deno.test("small buffers share a GPUBuffer with those of their access, and one dispatch binds both kinds", async () => {
  await using t = bench({ slabBytes: 4 * PAGE_SIZE });
  const weights = [await t.make(1, 1, read), await t.make(1, 2, read)];
  const results = [await t.make(1, 0, write), await t.make(1, 0, write)];
  const all = [...weights, ...results];
  await t.submit(all.map((buffer, at) => ({ buffer, usage: at < 2 ? "read" : "write" })), () => {
    const bindings = all.map((buffer) => t.driver.bind(buffer));
    const ids = bindings.map(({ buffer }) => t.gpu.buffers.indexOf(buffer as never));
    assert(ids[0] === ids[1] && ids[2] === ids[3] && ids[0] !== ids[2], String(ids));
    t.gpu.dispatch(
      bindings.map((binding, at) => bound(binding, at < 2 ? "read" : "write")),
      (...bytes) => bytes.at(-1)?.fill(9),
    );
  });
  assertEquals(await t.bytes(results[1] as never, { length: 2 }), new Uint8Array([9, 9]));
});

Deno.test("a buffer with flags of its own, or of more than half a slab, has a GPUBuffer of its own", async () => {
  await using t = bench({ slabBytes: 4 * PAGE_SIZE });
  const sizes = [];
  for (const [pages, usage] of [[1, GpuUsage.UNIFORM], [3, GpuUsage.STORAGE]] as const) {
    await t.make(pages, 0, { access: "read", usage });
    sizes.push((t.gpu.buffers.at(-1)?.size ?? 0) / PAGE_SIZE);
  }
  assertEquals(sizes, [1, 3]);
});

Deno.test("a submission that writes a buffer with access read is EINVAL, and calls no callback", async () => {
  await using t = bench();
  const buffer = await t.make(1, 5, read);
  let calls = 0;
  const error = await assertRejects(() => t.submit([{ buffer }], () => void calls++), TtmError, 'access "read"');
  assertEquals([error.code, calls, buffer.reserved, buffer.busy], ["EINVAL", 0, false, false]);
  assertEquals(await t.bytes(buffer, { length: 1 }), new Uint8Array([5]));
});

Deno.test("a bind group is made once, and again when one of its buffers is at another place", async () => {
  const rebound: BufferView[] = [];
  await using t = bench({ onRebound: (buffer) => void rebound.push(buffer) });
  const [buffer, other] = [await t.make(2, 1), await t.make(2, 2)];
  const entries = [buffer, other].map((buffer, binding) => ({ binding, buffer }));
  const groups: object[] = [];
  const use = () =>
    t.submit([{ buffer, usage: "read" }, { buffer: other, usage: "read" }], () => {
      groups.push(t.driver.bindGroup({ layout, entries }));
    });
  await use();
  await use();
  const before = t.driver.generation(buffer);
  assertEquals([groups[0] === groups[1], t.gpu.groups, rebound], [true, 1, []]);
  await t.bring(buffer, "system");
  assertEquals(t.driver.generation(buffer), null);
  // Takes the GPUBuffer that `buffer` has left.
  await t.make(2, 3);
  await use();
  assertEquals([groups[2] === groups[0], t.gpu.groups, rebound], [false, 2, [buffer]]);
  assert(t.driver.generation(buffer) !== before);
});

Deno.test("a buffer of another size at the same place has another bind group", async () => {
  await using t = bench();
  const offsets: (number | null)[] = [];
  for (const bytes of [5000, 6000]) {
    using buffer = t.device.createBuffer({ bytes });
    await t.submit([{ buffer }], () => {
      offsets.push(t.driver.generation(buffer));
      t.driver.bindGroup({ layout, entries: [{ binding: 0, buffer }] });
    });
  }
  assertEquals([offsets[0], t.gpu.groups], [offsets[1], 2]);
});

Deno.test("4,096 bind groups are kept, and the oldest goes first", async () => {
  await using t = bench();
  const buffer = await t.make(1, 1);
  const layouts = Array.from({ length: 4097 }, () => ({}));
  await t.submit([{ buffer }], () => {
    const use = (layout: object = {}) => void t.driver.bindGroup({ layout, entries: [{ binding: 0, buffer }] });
    for (const layout of layouts) use(layout);
    use(layouts[1]);
    assertEquals(t.gpu.groups, 4097);
    use(layouts[0]);
    assertEquals(t.gpu.groups, 4098);
  });
});

Deno.test("bindings and bind groups have the types of the caller's device", () => {
  // Compiles, which is what it tests.
  const use = (device: GPUDevice, buffer: BufferView) => {
    const driver = new WebGpu({ device, budget: 2 ** 20 });
    const { buffer: gpu, offset, size } = driver.bind(buffer);
    const resource: GPUBufferBinding = { buffer: gpu, offset, size };
    const whole: GPUBindingResource = driver.bind(buffer);
    const bindGroupLayout: GPUBindGroupLayout = device.createBindGroupLayout({ entries: [] });
    const entries = [{ binding: 0, buffer }];
    const group: GPUBindGroup = driver.bindGroup({ layout: bindGroupLayout, entries });
    return [resource, whole, group];
  };
  assertEquals(typeof use, "function");
});
