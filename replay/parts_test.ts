import { assert, assertEquals, assertRejects } from "@std/assert";
import { buddy } from "@ttm/buddy";
import { CmaSim } from "@ttm/cma-sim";
import {
  BoDevice,
  type BufferObject,
  type Driver,
  type DriverSupport,
  lru,
  mru,
  PAGE_SIZE,
  SimulatedClock,
  TtmError,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { EngineBeside } from "./engine_beside.ts";
import type { StampedContents } from "./gpu.ts";
import { replay, type ReplayOptions, type Report } from "./mod.ts";
import { UsageError } from "./usage_error.ts";
import type { Workload, WorkloadEvent } from "@ttm/import";

const PAGES = 4;
const SIZES = { vram: `${PAGES * PAGE_SIZE}`, gtt: `${PAGES * PAGE_SIZE}` };
const NUMBERS = { vram: PAGES * PAGE_SIZE, gtt: PAGES * PAGE_SIZE };

/** Six buffers of one page in turn, the first two more often. */
const workload: Workload = {
  name: "six",
  time: "seq",
  events: [
    ...[0, 1, 2, 3, 4, 5].map((id): WorkloadEvent => ({ op: "alloc", t: 0, id, bytes: PAGE_SIZE })),
    ...Array.from({ length: 60 }, (_, t): WorkloadEvent => ({
      op: "job",
      t,
      uses: [{ id: t % 3 === 0 ? t % 2 : (t * 7) % 6, write: t % 4 === 0 }],
      durationUs: 1,
    })),
  ],
};

async function reportOf(options: ReplayOptions): Promise<Report> {
  return (await replay(workload, { verify: true, ...options })).report;
}

interface CardOptions {
  readonly gtt?: number;
  readonly visible?: number;
  readonly supports?: DriverSupport;
  /** Whether copies write wrong bytes. */
  readonly corrupt?: boolean;
}

/** A driver without support for jobs, with a count of open windows. */
function card({ gtt, visible = PAGES, supports = {}, corrupt = false }: CardOptions = {}) {
  const vram = new Uint8Array(PAGES * PAGE_SIZE);
  const windows = { open: 0, opened: 0, shut: false };
  const driver: Driver = {
    name: "card",
    supports,
    memoryTypes: [
      { name: "system" },
      ...(gtt === undefined ? [] : [{ name: "gtt", pages: gtt }]),
      { name: "vram", pages: PAGES, fixed: true },
    ],
    evictPlacement: ({ memoryType }: BufferObject) => ({
      placement: [{ memoryType: memoryType === "vram" && gtt !== undefined ? "gtt" : "system" }],
    }),
    move({ source, destination, pages }) {
      if (supports.contents === false) return;
      const [from, to] = [source, destination].map((end) =>
        end === null ? new Uint8Array(pages * PAGE_SIZE) : (end.table?.contents as Uint8Array) ??
          vram.subarray(end.start * PAGE_SIZE, (end.start + pages) * PAGE_SIZE)
      ) as [Uint8Array, Uint8Array];
      to.set(from);
      if (corrupt && source !== null) to[1] = (to[1] ?? 0) ^ 255;
    },
    ioMemReserve(_type, start, pages) {
      if (windows.shut || start + pages > visible) return null;
      windows.open++;
      windows.opened++;
      return vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
    },
    ioMemFree: () => void windows.open--,
  };
  return { driver, windows };
}

Deno.test("a simulated GPU given as an object gives the same report as one given by name", async () => {
  const { vram, gtt } = NUMBERS;
  const pairs = [["radeon-sim", new RadeonSim({ vram, gtt })], ["cma-sim", new CmaSim({ carveOut: vram, iommu: gtt })]];
  for (const [name, driver] of pairs as [string, Driver][]) {
    const [named, given] = [await reportOf({ ...SIZES, driver: name }), await reportOf({ driver })];
    assertEquals(given, { ...named, device: { ...named.device, contents: "own" } });
    assert(given.evictions > 5 && given.verified > 60);
  }
});

Deno.test("a function that makes a driver gets the sizes and the kind of contents", async () => {
  const told: object[] = [];
  const make = (contents?: "bytes") => {
    const driver: ReplayOptions["driver"] = (options) => {
      told.push(options);
      return new RadeonSim(options);
    };
    return reportOf({ ...SIZES, driver, ...(contents === undefined ? {} : { contents }) });
  };
  assertEquals((await make()).evictions, (await make("bytes")).evictions);
  assertEquals(told, [{ ...NUMBERS, contents: "stamps" }, { ...NUMBERS, contents: "bytes" }]);
});

Deno.test("a driver without jobs gets an engine, and its contents are compared through ioMemReserve", async () => {
  const { driver, windows } = card();
  const report = await reportOf({ driver });
  const { vram, gtt, contents } = report.device;
  assertEquals([report.device.driver, vram, gtt, contents], ["card", NUMBERS.vram, 0, "own"]);
  assertEquals([report.losses, report.unverified, report.failures, report.fallbacks], [[], 0, 0, 0]);
  assert(report.evictions > 5 && report.verified > 60 && windows.opened > 60);
  assertEquals(windows.open, 0);
});

Deno.test("lost contents of a driver without jobs are detected", async () => {
  assert((await reportOf({ driver: card({ corrupt: true }).driver })).losses.length > 0);
});

Deno.test("contents that the CPU sees only in part are compared in that part", async () => {
  for (const visible of [0, 1, 2, 3]) {
    const { losses, verified, unverified } = await reportOf({ driver: card({ visible }).driver });
    assertEquals(losses, [], `${visible} pages`);
    assert(unverified > 0 && (visible === 0 || verified > 0), `${visible} pages`);
  }
});

Deno.test("contents written where the CPU cannot see are compared only after a write where it can", async () => {
  const { driver, windows } = card();
  const clock = new SimulatedClock();
  await using device = new BoDevice({ driver, managers: { vram: firstFit() }, clock });
  const gpu = new EngineBeside(driver, clock);
  using buffer = device.createBuffer({ bytes: PAGE_SIZE });
  buffer.tryReserve();
  buffer.tryValidate({ placement: [{ memoryType: "vram" }] });
  const write = (stamp: number) => {
    const program = ([contents]: readonly StampedContents[]) => contents?.fill(stamp);
    gpu.submit({ buffers: [{ buffer, write: true }], durationMs: 1, program });
    clock.runUntilIdle();
  };
  const mismatch = (stamp: number) => gpu.contentsOf(buffer)?.firstMismatch(stamp);
  write(1);
  assertEquals([mismatch(1), mismatch(2)], [-1, 0]);
  windows.shut = true;
  write(2);
  assertEquals([mismatch(1), mismatch(2)], [null, null]);
  windows.shut = false;
  assertEquals([mismatch(1), mismatch(2)], [null, null]);
  write(3);
  assertEquals([mismatch(2), mismatch(3)], [0, -1]);
  buffer.unreserve();
});

Deno.test("a driver without contents is not compared, and the report says so", async () => {
  const { report, text } = await replay(workload, {
    driver: card({ supports: { contents: false } }).driver,
    verify: true,
  });
  assertEquals([report.losses, report.verified, report.unverified > 60], [[], 0, true]);
  assert(text.includes("comparisons, for card shows no contents there"), text);
});

Deno.test("buffers without room in the first memory type are placed in the second; without a second it is a failure", async () => {
  const events: WorkloadEvent[] = [
    ...[0, 1, 2, 3, 4].map((id): WorkloadEvent => ({ op: "alloc", t: 0, id, bytes: PAGE_SIZE })),
    { op: "job", t: 0, uses: [0, 1, 2, 3, 4].map((id) => ({ id, write: true })), durationUs: 1 },
  ];
  const crowd = { name: "crowd", time: "seq", events } as const;
  const [alone, beside] = await Promise.all(
    [card(), card({ gtt: 2 })].map(({ driver }) => replay(crowd, { driver, verify: true })),
  );
  assertEquals([alone?.report.fallbacks, alone?.report.failures], [0, 1]);
  assert(!alone?.text.includes("fallbacks"));
  assertEquals([beside?.report.fallbacks, beside?.report.failures, beside?.report.device.gtt], [1, 0, 2 * PAGE_SIZE]);
});

Deno.test("managers can be given by name, as functions, or as objects by memory type; the report has their names", async () => {
  const named = async (options: ReplayOptions) => (await reportOf({ ...SIZES, ...options })).device.manager;
  assertEquals(await named({ manager: () => buddy() }), "buddy");
  assertEquals(await named({ managers: { vram: firstFit(), gtt: () => buddy() } }), "first-fit + buddy");
  assertEquals(await named({ managers: { gtt: "good-fit" } }), "range + good-fit");
  assertEquals(await named({ manager: "buddy", managers: { vram: "range-scan" } }), "range-scan + buddy");
  const error = await assertRejects(() => named({ managers: { vrma: firstFit() } }), UsageError);
  assertEquals(error.message, 'Cannot give "vrma" a manager: the memory types of radeon-sim are gtt, vram');
});

Deno.test("a policy can be given by name, as an object, or as a function", async () => {
  const evictions = async (policy: ReplayOptions["policy"]) => {
    const { evictions, device } = await reportOf({ ...SIZES, policy });
    return [evictions, device.policy];
  };
  assertEquals(await evictions(mru()), await evictions("mru"));
  assertEquals(await evictions(() => mru()), await evictions("mru"));
  assert((await evictions(lru()))[0] !== (await evictions(mru()))[0]);
  const used = lru();
  await evictions(used);
  await assertRejects(() => evictions(used), TtmError, "policy");
});

Deno.test("a tracer with members of its own watches the device", async () => {
  class Watch {
    #events = { create: 0, move: 0, destroy: 0 };
    get events() {
      return this.#events;
    }
    create(): void {
      this.#events.create++;
    }
    move(): void {
      this.#events.move++;
    }
  }
  const watch = new Watch();
  const report = await reportOf({ ...SIZES, tracer: watch });
  assertEquals(watch.events.create, 6);
  assert(watch.events.move >= report.evictions && report.evictions > 5);
  assertEquals(report, await reportOf(SIZES));
});

Deno.test("invalid parts are refused, and sizes together with a driver that has its own", async () => {
  const refused = async (options: object, message: string) => {
    const error = await assertRejects(() => replay(workload, options));
    assertEquals([(error as Error).message, error instanceof TtmError ? error.code : "EINVAL"], [message, "EINVAL"]);
  };
  await refused({ policy: {} }, "Cannot replay: policy.insert must be a function, not undefined");
  await refused({ policy: 7 }, "Cannot replay: policy must be an object, not 7");
  await refused({ manager: () => null }, "Cannot replay: manager must be an object, not null");
  await refused(
    { driver: { evictPlacement() {} } },
    "Cannot replay: driver.memoryTypes must be an array, not undefined",
  );
  await refused({ managers: "range" }, 'Cannot replay: managers must be an object, not "range"');
  await refused({ tracer: 1 }, "Cannot replay: tracer must be an object, not 1");
  const { driver } = card();
  await refused(
    { driver, vram: "4M", contents: "bytes" },
    "Cannot use vram, contents: the driver that is given has its own",
  );
  await refused(
    { driver: { ...driver, memoryTypes: [{ name: "system" }] } },
    "Cannot replay on card: it has no memory type but system",
  );
});
