import { assertEquals } from "@std/assert";
import { type BufferObject, PAGE_SIZE } from "@ttm/core";
import { compose } from "./compose.ts";
import { VramSamples } from "./vram_samples.ts";

/** A device with 8 pages of VRAM, and a way to fill and empty it. */
function vram() {
  const sizes = { vram: 8 * PAGE_SIZE, gtt: 8 * PAGE_SIZE };
  const { device, clock } = compose({ ...sizes, contents: "stamps", manager: "first-fit" });
  const put = (pages: number) => {
    const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE });
    buffer.tryReserve();
    buffer.tryValidate({ placement: [{ memoryType: "vram" }] });
    buffer.unreserve();
    clock.runUntilIdle();
    return buffer;
  };
  const take = (buffer: BufferObject) => buffer.unref();
  return { samples: new VramSamples(device, "vram"), put, take };
}

Deno.test("VramSamples records the maximum VRAM usage after any submission", () => {
  const { samples, put, take } = vram();
  assertEquals([samples.peakBytes, samples.meanFragmentation, samples.fullest], [0, 0, []]);
  const buffer = put(5);
  samples.add(1);
  take(buffer);
  put(2);
  samples.add(2);
  assertEquals(samples.peakBytes, 5 * PAGE_SIZE);
});

Deno.test("VramSamples averages the fragmentation over every 16th submission", () => {
  const { samples, put, take } = vram();
  put(8);
  for (let submission = 1; submission <= 16; submission++) samples.add(submission);
  assertEquals(samples.meanFragmentation, 0);
  const other = vram();
  const [first] = [other.put(3), other.put(2)];
  take(first);
  for (let submission = 1; submission <= 16; submission++) other.samples.add(submission);
  assertEquals(other.samples.meanFragmentation, 0.5);
  other.put(3);
  for (let submission = 17; submission <= 32; submission++) other.samples.add(submission);
  assertEquals(other.samples.meanFragmentation, 0.25);
});

Deno.test("VramSamples keeps the map of the fullest sample", () => {
  const { samples, put, take } = vram();
  const [first, second] = [put(3), put(4)];
  samples.add(16);
  take(first);
  samples.add(32);
  assertEquals(samples.fullest, [{ start: 0, pages: 3 }, { start: 3, pages: 4 }]);
  put(3);
  put(1);
  samples.add(48);
  take(second);
  samples.add(64);
  assertEquals(samples.fullest, [{ start: 0, pages: 3 }, { start: 3, pages: 4 }, { start: 7, pages: 1 }]);
});
