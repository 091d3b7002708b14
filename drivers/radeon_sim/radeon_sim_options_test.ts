import { assertEquals, assertThrows } from "@std/assert";
import { BoDevice, PAGE_SIZE, SimulatedClock, TtmError } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim, type RadeonSimOptions } from "./mod.ts";

const SIZES = { vram: 8 * PAGE_SIZE, gtt: 16 * PAGE_SIZE };

function pagesOf(options: RadeonSimOptions): (number | undefined)[] {
  const gpu = new RadeonSim(options);
  return [...gpu.memoryTypes.map(({ pages }) => pages), gpu.visiblePages];
}

Deno.test("RadeonSim has SYSTEM, GTT and VRAM, in whole pages", () => {
  assertEquals(new RadeonSim(SIZES).memoryTypes.map(({ name }) => name), ["system", "gtt", "vram"]);
  assertEquals(pagesOf(SIZES), [undefined, 16, 8, 8]);
  assertEquals(pagesOf({ vram: 2 * PAGE_SIZE - 1, gtt: 3 * PAGE_SIZE + 1 }), [undefined, 3, 1, 1]);
});

Deno.test("RadeonSim shows the CPU the first 256 MiB of VRAM unless told otherwise, and never more than there is", () => {
  const large: RadeonSimOptions = { ...SIZES, vram: 2 ** 30, contents: "stamps" };
  assertEquals(new RadeonSim(large).visiblePages, 2 ** 28 / PAGE_SIZE);
  assertEquals(new RadeonSim({ ...large, visibleVram: 2 ** 29 + 1 }).visiblePages, 2 ** 29 / PAGE_SIZE);
  assertEquals(new RadeonSim({ ...large, visibleVram: 2 ** 31 }).visiblePages, 2 ** 30 / PAGE_SIZE);
});

Deno.test("RadeonSim with stamps may be larger than the memory of the machine", () => {
  assertEquals(pagesOf({ vram: 2 ** 50, gtt: 2 ** 51, contents: "stamps" })[2], 2 ** 38);
});

Deno.test("RadeonSim copies at 12 GB/s after 10 µs unless told otherwise", async () => {
  const clock = new SimulatedClock();
  const managers = { vram: firstFit(), gtt: firstFit() };
  await using device = new BoDevice({ driver: new RadeonSim(SIZES), managers, clock });
  using buffer = device.createBuffer({ bytes: 3 * PAGE_SIZE });
  using _reservation = await buffer.reserve();
  await buffer.validate({ placement: [{ memoryType: "vram" }] });
  clock.runUntilIdle();
  assertEquals(clock.now(), 0.01 + (3 * PAGE_SIZE) / 12e6);
});

const invalidSizes: readonly unknown[] = [
  NaN,
  0,
  -1,
  1.5,
  PAGE_SIZE - 1,
  2 ** 53,
  Infinity,
  "8192",
  null,
  {},
  5n,
  true,
];

Deno.test("RadeonSim refuses a size that is not a whole number of bytes of at least a page", () => {
  for (const name of ["vram", "gtt", "visibleVram"]) {
    for (const value of invalidSizes) {
      const options = { ...SIZES, [name]: value } as RadeonSimOptions;
      const error = assertThrows(() => new RadeonSim(options), TtmError, `Cannot create radeon-sim: ${name} must be`);
      assertEquals(error.code, "EINVAL", `${name} ${value}`);
    }
  }
  assertThrows(() => new RadeonSim({ vram: 8192 } as RadeonSimOptions), TtmError, "gtt must be");
});

Deno.test("RadeonSim refuses a bandwidth that is not positive, and negative times", () => {
  for (const name of ["copyBytesPerMs", "copyLatencyMs", "bindLatencyMs", "bindMsPerPage"]) {
    for (const value of [NaN, -1, Infinity, "1", {}, true, ...(name === "copyBytesPerMs" ? [0] : [])]) {
      const options = { ...SIZES, [name]: value } as RadeonSimOptions;
      const error = assertThrows(() => new RadeonSim(options), TtmError, `${name} must be a positive number, not`);
      assertEquals(error.code, "EINVAL", `${name} ${value}`);
    }
  }
  new RadeonSim({ ...SIZES, copyLatencyMs: 0, copyBytesPerMs: 0.5, bindLatencyMs: 0, bindMsPerPage: 0 });
});

Deno.test("RadeonSim has one copy engine or two", () => {
  for (const copyEngines of [0, 3, 1.5, NaN, "2", null]) {
    const error = assertThrows(
      () => new RadeonSim({ ...SIZES, copyEngines } as never),
      TtmError,
      "copyEngines must be",
    );
    assertEquals(error.code, "EINVAL");
  }
});

Deno.test("RadeonSim refuses contents other than bytes and stamps", () => {
  for (const contents of ["", "byte", "BYTES", null, 0, true]) {
    const options = { ...SIZES, contents } as RadeonSimOptions;
    assertEquals(assertThrows(() => new RadeonSim(options), TtmError, "contents must be").code, "EINVAL");
  }
});

Deno.test("RadeonSim can be used for one device only, and does nothing before it is attached", () => {
  const gpu = new RadeonSim(SIZES);
  const uses = [
    () => gpu.copyStats,
    () => gpu.graphicsStats,
    () => gpu.gartStats,
    () => gpu.submit({ buffers: [], durationMs: 1 }),
    () => gpu.hangNext("copy"),
    () => gpu.reset(),
  ];
  for (const use of uses) {
    assertEquals(assertThrows(use, TtmError, "it is not attached to a device yet").code, "EINVAL");
  }
  const compose = () => {
    const managers = { vram: firstFit(), gtt: firstFit() };
    return new BoDevice({ driver: gpu, managers, clock: new SimulatedClock() });
  };
  compose();
  gpu.submit({ buffers: [], durationMs: 1 });
  assertEquals(assertThrows(compose, TtmError, "it serves one device only, and has had one").code, "EBUSY");
});

Deno.test("RadeonSim refuses another device also after its own has been closed, and leaves the managers free", async () => {
  const gpu = new RadeonSim({ vram: 4096, gtt: 4096 });
  const managers = { vram: firstFit(), gtt: firstFit() };
  const compose = (driver: RadeonSim) => new BoDevice({ driver, managers, clock: new SimulatedClock() });
  await compose(gpu).close();
  assertEquals(assertThrows(() => compose(gpu), TtmError, "one device only").code, "EBUSY");
  await compose(new RadeonSim({ vram: 4096, gtt: 4096 })).close();
});

Deno.test("RadeonSim is ENOMEM when this machine cannot allocate its VRAM as bytes", () => {
  const error = assertThrows(() => new RadeonSim({ vram: 2 ** 50, gtt: 4096 }), TtmError, 'contents "stamps"');
  assertEquals(error.code, "ENOMEM");
});

for (const options of [null, undefined, 7]) {
  Deno.test(`RadeonSim refuses ${options} as options`, () => {
    const error = assertThrows(() => new RadeonSim(options as never), TtmError, "must be an object");
    assertEquals(error.code, "EINVAL");
  });
}
