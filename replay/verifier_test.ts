import { assertEquals, assertThrows } from "@std/assert";
import { type BufferObject, FenceContext, PAGE_SIZE } from "@ttm/core";
import type { RadeonSim } from "@ttm/radeon-sim";
import { compose, type Composition } from "./compose.ts";
import { Verifier } from "./verifier.ts";

interface Setup extends Composition {
  readonly verifier: Verifier;
  /** Makes a buffer of 4 pages in a memory type, filled with a stamp. */
  make(memoryType: string, stamp: number, label?: string): BufferObject;
}

function setup(contents: "bytes" | "stamps" = "bytes"): Setup {
  const composition = compose({ vram: 16 * PAGE_SIZE, gtt: 16 * PAGE_SIZE, contents });
  const { device, gpu, clock } = composition;
  const make = (memoryType: string, stamp: number, label?: string) => {
    const buffer = device.createBuffer({ bytes: 4 * PAGE_SIZE, label });
    buffer.tryReserve();
    buffer.tryValidate({ placement: [{ memoryType }] });
    clock.runUntilIdle();
    gpu.contentsOf(buffer)?.fill(stamp);
    return buffer;
  };
  return { ...composition, verifier: new Verifier(composition), make };
}

for (const contents of ["bytes", "stamps"] as const) {
  Deno.test(`Verifier reports a buffer of other ${contents} than expected, and the page`, () => {
    const { gpu, verifier, make } = setup(contents);
    const [fine, corrupt] = [make("vram", 5), make("gtt", 6, "weights")];
    verifier.compareAt(null, fine, 5);
    verifier.compareAt(null, corrupt, 6);
    assertEquals([verifier.verified, verifier.losses], [2, []]);
    gpu.contentsOf(corrupt)?.fill(7);
    verifier.compareAt(null, fine, 5);
    verifier.compareAt(null, corrupt, 6);
    assertEquals([verifier.verified, verifier.losses], [3, [{
      buffer: 'buffer 1 "weights"',
      page: 0,
      memoryType: "gtt",
    }]]);
  });
}

Deno.test("Verifier finds a single wrong byte, and names its page", () => {
  const { gpu, verifier, make } = setup();
  const buffer = make("vram", 5);
  const bytes = (gpu as RadeonSim).contentsOf(buffer)?.bytes ?? new Uint8Array();
  bytes[3 * PAGE_SIZE - 1] = (bytes[3 * PAGE_SIZE - 1] ?? 0) ^ 1;
  verifier.compareAt(null, buffer, 5);
  assertEquals(verifier.losses, [{ buffer: "buffer 0", page: 2, memoryType: "vram" }]);
});

Deno.test("Verifier treats a buffer without memory as zeros", () => {
  const { device, verifier } = setup();
  const buffer = device.createBuffer({ bytes: 1 });
  verifier.compareAt(null, buffer, 0);
  assertEquals([verifier.verified, verifier.losses], [1, []]);
  verifier.compareAt(null, buffer, 3);
  assertEquals([verifier.verified, verifier.losses], [1, [{ buffer: "buffer 0", page: 0, memoryType: "nowhere" }]]);
});

Deno.test("Verifier.compareAt() compares when the fence signals, where the buffer was before", () => {
  const { gpu, clock, verifier, make } = setup();
  const buffer = make("vram", 5);
  const fence = new FenceContext("work").next();
  verifier.compareAt(fence, buffer, 6);
  assertEquals([verifier.verified, verifier.losses], [0, []], "not before");
  const contents = gpu.contentsOf(buffer);
  buffer.tryValidate({ placement: [{ memoryType: "gtt" }] });
  clock.runUntilIdle();
  contents?.fill(6);
  fence.signal();
  assertEquals([verifier.verified, verifier.losses], [1, []]);
});

Deno.test("Verifier.compareAll() compares every buffer with its stamp, after the work on it", () => {
  const { gpu, clock, verifier, make } = setup();
  const [a, b, c] = [make("vram", 1), make("gtt", 2), make("system", 0)];
  const program = () => gpu.contentsOf(a)?.fill(9);
  gpu.submit({ buffers: [{ buffer: a, write: true }], durationMs: 50, program });
  verifier.compareAll([{ buffer: a, stamp: 9 }, { buffer: b, stamp: 2 }, { buffer: c, stamp: 0 }]);
  clock.runUntilIdle();
  assertEquals([verifier.verified, verifier.losses], [3, []]);
  verifier.compareAll([{ buffer: a, stamp: 1 }, { buffer: b, stamp: 2 }]);
  assertEquals([verifier.verified, verifier.losses.length], [4, 1]);
});

Deno.test("Verifier detects broken invariants, of all buffers or of some", () => {
  const { verifier, make } = setup();
  const [fine, broken] = [make("gtt", 1), make("gtt", 1)];
  verifier.checkTouched([fine, broken]);
  broken.tt = null;
  verifier.checkTouched([fine]);
  assertThrows(() => verifier.checkTouched([fine, broken]), Error, "Broken invariant: buffer 1");
  assertThrows(() => verifier.compareAll([]), Error, "Broken invariant: buffer 1");
});
