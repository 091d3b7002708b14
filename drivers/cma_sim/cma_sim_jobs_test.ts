import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  BoDevice,
  type BufferObject,
  type Caching,
  checkInvariants,
  PAGE_SIZE,
  SimulatedClock,
  TtmError,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { CmaSim, type CmaSimOptions, type Contents, type GpuJob } from "./mod.ts";

interface Bench {
  readonly driver: CmaSim;
  readonly clock: SimulatedClock;
  make(pages: number, memoryType?: string, caching?: Caching): BufferObject;
  bring(buffer: BufferObject, memoryType: string, caching?: Caching): void;
  /** Submits a job of 1 ms that fills a buffer. */
  fill(buffer: BufferObject, stamp: number): void;
  holds(buffer: BufferObject, stamp: number): boolean;
}

/** Runs a test with 8 pages of carve-out and 16 behind an IOMMU, then checks all invariants and closes the device. */
async function bench(options: Partial<CmaSimOptions>, test: (bench: Bench) => void): Promise<void> {
  const driver = new CmaSim({ carveOut: 8 * PAGE_SIZE, iommu: 16 * PAGE_SIZE, ...options });
  const clock = new SimulatedClock();
  const device = new BoDevice({ driver, managers: { cma: firstFit(), iommu: firstFit() }, clock });
  const buffers: BufferObject[] = [];
  const bring = (buffer: BufferObject, memoryType: string, caching: Caching = "wc") => {
    const placement = { placement: [{ memoryType, caching: [caching] }] };
    while (buffer.tryValidate(placement) !== null) assert(clock.runNext(), "the device hangs");
  };
  test({
    driver,
    clock,
    bring,
    make(pages, memoryType, caching) {
      const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE });
      buffers.push(buffer);
      buffer.tryReserve();
      if (memoryType !== undefined) bring(buffer, memoryType, caching);
      return buffer;
    },
    fill(buffer, stamp) {
      const program = ([contents]: readonly Contents[]) => contents?.fill(stamp);
      driver.submit({ buffers: [{ buffer, write: true }], durationMs: 1, program });
    },
    holds: (buffer, stamp) => driver.contentsOf(buffer)?.firstMismatch(stamp) === -1,
  });
  clock.runUntilIdle();
  checkInvariants(device);
  for (const buffer of buffers) {
    if (buffer.reserved) buffer.unreserve();
    buffer.unref();
  }
  await device.close();
}

for (const contents of ["bytes", "stamps"] as const) {
  Deno.test(`a job writes ${contents} when it ends, and later moves of the buffer keep them`, async () => {
    await bench({ contents }, ({ driver, clock, make, bring, fill, holds }) => {
      const buffer = make(3, "cma");
      fill(buffer, 5);
      assert(holds(buffer, 0) && buffer.busy);
      clock.advanceTo(1);
      assert(holds(buffer, 5) && !buffer.busy);
      for (const memoryType of ["iommu", "system", "cma", "system", "iommu"]) {
        bring(buffer, memoryType);
        assert(holds(buffer, 5), memoryType);
      }
      assertEquals(driver.graphicsStats, { tasks: 1, busyMs: 1, stalls: 0, stalledMs: 0 });
    });
  });

  Deno.test(`in cached ${contents} the device sees flushed writes, and the CPU sees the device's after an invalidate`, async () => {
    await bench({ contents }, ({ driver, clock, make, bring, fill, holds }) => {
      const buffer = make(3, "cma", "cached");
      fill(buffer, 5);
      driver.flush(buffer);
      clock.runUntilIdle();
      driver.flush(buffer);
      assert(holds(buffer, 5), "a flush spares what the device has written");
      driver.invalidate(buffer);
      fill(buffer, 6);
      clock.runUntilIdle();
      bring(buffer, "system");
      assert(holds(buffer, 6), "to leave is to invalidate");
    });
  });
}

Deno.test("a job whose fence fails may have written", async () => {
  await bench({}, ({ driver, clock, make, bring, holds }) => {
    const buffer = make(1, "cma", "cached");
    const program = ([contents]: readonly Contents[]) => {
      contents?.fill(4);
      throw new Error("hung");
    };
    const fence = driver.submit({ buffers: [{ buffer, write: true }], durationMs: 1, program });
    clock.runUntilIdle();
    assert(fence.error !== undefined);
    bring(buffer, "system");
    assert(holds(buffer, 4));
  });
});

Deno.test("pages are not unbound while a job works on them", async () => {
  await bench({}, ({ clock, make, fill, bring, holds }) => {
    const buffer = make(8, "cma");
    fill(buffer, 7);
    assert(buffer.tryValidate({ placement: [{ memoryType: "system" }] }) !== null);
    assertEquals(buffer.memoryType, "cma");
    bring(buffer, "system");
    assertEquals(clock.now(), 1);
    assert(holds(buffer, 7));
  });
});

Deno.test("jobs run one after another, also on different buffers", async () => {
  await bench({}, ({ clock, make, fill }) => {
    for (const buffer of [make(1, "cma"), make(1, "iommu")]) fill(buffer, 1);
    clock.runUntilIdle();
    assertEquals(clock.now(), 2);
  });
});

Deno.test("buffers are evicted from a full carve-out to the IOMMU, and to SYSTEM only if that is full", async () => {
  await bench({ iommu: 8 * PAGE_SIZE }, ({ make, fill, holds }) => {
    const buffers = [1, 2, 3, 4, 5].map((stamp) => {
      const buffer = make(4, "cma");
      fill(buffer, stamp);
      buffer.unreserve();
      return { buffer, stamp };
    });
    assertEquals(buffers.map(({ buffer }) => buffer.memoryType), ["system", "iommu", "iommu", "cma", "cma"]);
    for (const { buffer, stamp } of buffers.slice(0, 3)) assert(holds(buffer, stamp));
  });
});

Deno.test("pages bound through the IOMMU take no pages of the carve-out", async () => {
  await bench({ movable: 8 * PAGE_SIZE }, ({ driver, make, bring }) => {
    const buffer = make(8, "iommu");
    assertEquals(driver.carveOutStats.away, 0);
    bring(buffer, "cma");
    assertEquals(driver.carveOutStats.away, 8);
    bring(buffer, "iommu");
    assertEquals([driver.carveOutStats.away, driver.carveOutStats.returned], [0, 8]);
    const other = make(4, "cma");
    bring(buffer, "system");
    assertEquals([driver.carveOutStats.away, driver.carveOutStats.returned], [4, 8], "those of the other stay away");
    bring(other, "system");
    assertEquals(driver.carveOutStats.away, 0);
  });
});

Deno.test("with stamps for contents the device's view has no bytes", async () => {
  await bench({ contents: "stamps" }, ({ driver, make }) => {
    const buffer = make(1, "cma");
    for (const act of [() => driver.read(buffer, 0, 1), () => driver.write(buffer, 0, new Uint8Array(1))]) {
      assertEquals(assertThrows(act, TtmError, "Cannot read bytes").code, "ENODEV");
    }
  });
});

Deno.test("submit() refuses buffers that the device does not see, and a durationMs that is not a time", async () => {
  await bench({}, ({ driver, make }) => {
    const [good, system, nowhere, free] = [make(1, "iommu"), make(1, "system"), make(1), make(1, "cma")];
    free.unreserve();
    const refuse = (job: GpuJob, why: string) =>
      assertEquals(assertThrows(() => driver.submit(job), TtmError, why).code, "EINVAL");
    for (const [buffer, why] of [[system, "is in system"], [nowhere, "no place"], [free, "not reserved"]] as const) {
      refuse({ buffers: [good, buffer].map((each) => ({ buffer: each, write: true })), durationMs: 1 }, why);
    }
    for (const durationMs of [NaN, -1, Infinity]) {
      refuse({ buffers: [], durationMs }, "durationMs must be a finite number");
    }
    for (const job of [null, {}, { buffers: 1 }]) refuse(job as never, "Cannot submit job");
    assertEquals([good.busy, driver.graphicsStats.tasks], [false, 0]);
  });
});

Deno.test("a CmaSim can be used for one device only", () => {
  const driver = new CmaSim({ carveOut: PAGE_SIZE });
  assertThrows(() => driver.graphicsStats, TtmError, "Cannot use cma-sim");
  const make = () => new BoDevice({ driver, managers: { cma: firstFit() } });
  make();
  assertEquals(assertThrows(make, TtmError).code, "EBUSY");
});
