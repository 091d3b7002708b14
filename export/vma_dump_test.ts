import { assert, assertEquals, assertThrows } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import { BoDevice, type DeviceDump, type Driver, PAGE_SIZE, SimulatedClock, TtmError } from "@ttm/core";
import type { DeviceRecord } from "@ttm/explain";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import fc from "fast-check";
import { randomEvents } from "./testing_random_record.ts";
import { create, demoRecord, HEADER, move } from "./testing_records.ts";
import { vmaDump, vmaDumpAt } from "./vma_dump.ts";
import type { VmaDump, VmaStats } from "./vma_format.ts";
import { vmaDumpSchema } from "./vma_schema.ts";

const validate = new Ajv2020({ strict: false, allErrors: true }).compile(vmaDumpSchema);

function assertValid(dump: VmaDump): void {
  assert(validate(JSON.parse(JSON.stringify(dump))), JSON.stringify(validate.errors));
  assertAddsUp(dump);
}

/** What no schema can say: the sums, from the detailed map up to the totals. */
function assertAddsUp(dump: VmaDump): void {
  const total = { blocks: 0, blockBytes: 0, allocations: 0, bytes: 0, unused: 0 };
  for (const [index, name] of dump.General.memoryTypes.entries()) {
    const { Blocks, DedicatedAllocations } = dump.DefaultPools[`Type ${index}`] ??
      { Blocks: {}, DedicatedAllocations: [] };
    const own = { blocks: 0, blockBytes: 0, allocations: 0, bytes: 0, unused: 0 };
    for (const { TotalBytes, UnusedBytes, Allocations, UnusedRanges, Suballocations } of Object.values(Blocks)) {
      let at = 0;
      for (const { Offset, Size } of Suballocations) {
        assertEquals(Offset, at, `${name} has a gap or an overlap`);
        at += Size;
      }
      assertEquals(at, TotalBytes);
      const free = Suballocations.filter(({ Type }) => Type === "FREE");
      assertEquals([UnusedRanges, UnusedBytes], [free.length, free.reduce((sum, { Size }) => sum + Size, 0)]);
      assertEquals(Allocations, Suballocations.length - free.length);
      own.blocks++;
      own.blockBytes += TotalBytes;
      own.allocations += Allocations;
      own.bytes += TotalBytes - UnusedBytes;
      own.unused += UnusedRanges;
    }
    for (const { Size } of DedicatedAllocations) {
      own.blocks++;
      own.blockBytes += Size;
      own.allocations++;
      own.bytes += Size;
    }
    const heap = dump.MemoryInfo[`Heap ${index}`];
    assertEquals(heap?.Stats, heap?.MemoryPools[`Type ${index}`]?.Stats);
    assertEquals(counts(heap?.Stats), own, name);
    assertEquals(heap?.Budget.UsageBytes, own.bytes);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += own[key];
  }
  assertEquals(counts(dump.Total), total);
}

function counts(stats: VmaStats | undefined) {
  return {
    blocks: stats?.BlockCount,
    blockBytes: stats?.BlockBytes,
    allocations: stats?.AllocationCount,
    bytes: stats?.AllocationBytes,
    unused: stats?.UnusedRangeCount,
  };
}

async function device(): Promise<BoDevice> {
  const driver = new RadeonSim({ vram: 8 * PAGE_SIZE, gtt: 16 * PAGE_SIZE });
  const managers = { vram: firstFit(), gtt: firstFit() };
  const clock = new SimulatedClock();
  const device = new BoDevice({ driver, managers, clock });
  for (const [label, pages, memoryType] of [["mesh", 2, "vram"], ["gone", 1, "vram"], ["", 3, "vram"]] as const) {
    const placement = { placement: [{ memoryType }] };
    const options = { bytes: pages * PAGE_SIZE, placement, ...(label === "" ? {} : { label }) };
    const buffer = await device.createPlaced(options);
    if (label === "gone") buffer.unref();
  }
  await device.createPlaced({ bytes: 5000, label: "host", placement: { placement: [{ memoryType: "system" }] } });
  await clock.sleep(1000);
  return device;
}

Deno.test("a live device's memory types are heaps, with every range of what has addresses", async () => {
  const dump = vmaDump((await device()).dump());
  assertValid(dump);
  const { API, GPU, memoryTypes, memoryHeapCount, memoryTypeCount } = dump.General;
  const names = ["system", "gtt", "vram"];
  assertEquals([API, GPU, memoryTypes, memoryHeapCount, memoryTypeCount], ["Vulkan", "radeon-sim", names, 3, 3]);
  assertEquals(dump.DefaultPools["Type 0"]?.DedicatedAllocations, [
    { Type: "BUFFER", Size: 2 * PAGE_SIZE, Usage: 0, CustomData: "3", Name: "host" },
  ]);
  assertEquals(dump.DefaultPools["Type 2"], {
    PreferredBlockSize: 8 * PAGE_SIZE,
    Blocks: {
      "0": {
        TotalBytes: 8 * PAGE_SIZE,
        UnusedBytes: 3 * PAGE_SIZE,
        Allocations: 2,
        UnusedRanges: 2,
        Suballocations: [
          { Offset: 0, Type: "BUFFER", Size: 2 * PAGE_SIZE, Usage: 0, CustomData: "0", Name: "mesh" },
          { Offset: 2 * PAGE_SIZE, Type: "FREE", Size: PAGE_SIZE },
          { Offset: 3 * PAGE_SIZE, Type: "BUFFER", Size: 3 * PAGE_SIZE, Usage: 0, CustomData: "2" },
          { Offset: 6 * PAGE_SIZE, Type: "FREE", Size: 2 * PAGE_SIZE },
        ],
      },
    },
    DedicatedAllocations: [],
  });
  assertEquals(dump.MemoryInfo["Heap 2"], {
    Flags: ["DEVICE_LOCAL"],
    Size: 8 * PAGE_SIZE,
    Budget: { BudgetBytes: 8 * PAGE_SIZE, UsageBytes: 5 * PAGE_SIZE },
    Stats: {
      ...{ BlockCount: 1, BlockBytes: 8 * PAGE_SIZE, AllocationCount: 2, AllocationBytes: 5 * PAGE_SIZE },
      ...{ UnusedRangeCount: 2, AllocationSizeMin: 2 * PAGE_SIZE, AllocationSizeMax: 3 * PAGE_SIZE },
      ...{ UnusedRangeSizeMin: PAGE_SIZE, UnusedRangeSizeMax: 2 * PAGE_SIZE },
    },
    MemoryPools: {
      "Type 2": { Flags: ["DEVICE_LOCAL"], Stats: dump.MemoryInfo["Heap 2"]?.Stats as VmaStats },
    },
  });
  assertEquals(dump.Total.AllocationBytes, 7 * PAGE_SIZE);
});

Deno.test("a memory type without a size has neither a size nor a budget", async () => {
  const heap = vmaDump((await device()).dump()).MemoryInfo["Heap 0"];
  assertEquals([heap?.Size, heap?.Budget, heap?.Flags], [undefined, { UsageBytes: 2 * PAGE_SIZE }, []]);
});

Deno.test("buffers without addresses of their own have blocks for themselves, and swapped ones take no memory", async () => {
  const dump = (await device()).dump();
  const changed = (change: (place: DeviceDump["memoryTypes"][number]["places"][number]) => object): DeviceDump => ({
    ...dump,
    memoryTypes: dump.memoryTypes.map((type) => ({
      ...type,
      places: type.places.map((place) => ({ ...place, ...change(place) })),
    })),
  });
  const overlapping = vmaDump(changed(() => ({ start: 0 })));
  assertValid(overlapping);
  assertEquals(overlapping.DefaultPools["Type 2"]?.Blocks, {});
  assertEquals(overlapping.DefaultPools["Type 2"]?.DedicatedAllocations.map(({ Size }) => Size / PAGE_SIZE), [2, 3]);
  const beyond = vmaDump(changed(({ start }) => ({ start: start + 4 })));
  assertValid(beyond);
  assertEquals(beyond.DefaultPools["Type 2"]?.DedicatedAllocations.length, 2);
  const swapped = vmaDump(changed(({ owner }) => ({ owner: { ...owner, swapped: true } })));
  assertValid(swapped);
  assertEquals(swapped.Total.AllocationCount, 0);
  const ghosts = vmaDump(changed(({ owner }) => ({ owner: { ...owner, state: "ghost" } })));
  assertValid(ghosts);
  const [first, , second] = ghosts.DefaultPools["Type 2"]?.Blocks["0"]?.Suballocations ?? [];
  assertEquals(first, { Offset: 0, Type: "UNKNOWN", Size: 8192, Usage: 0, CustomData: "0", Name: "mesh (ghost)" });
  assertEquals(second && "Name" in second && second.Name, "(ghost)");
});

Deno.test("a record is dumped as it was at a moment", () => {
  const record = demoRecord();
  const at = (time?: number) => {
    const dump = vmaDumpAt(record, time);
    assertValid(dump);
    const places = Object.values(dump.DefaultPools).map(({ Blocks, DedicatedAllocations }) =>
      [
        ...(Blocks["0"]?.Suballocations ?? []).filter(({ Type }) => Type !== "FREE"),
        ...DedicatedAllocations,
      ].map((one) => `${"CustomData" in one && one.CustomData}:${one.Size / PAGE_SIZE}`).join(" ")
    );
    return [dump.General.time, ...places];
  };
  assertEquals(at(0), [0, "", "", ""]);
  assertEquals(at(4.999), [4.999, "", "0:8 1:8", ""]);
  assertEquals(at(5), [5, "", "2:12", "0:8 1:8"]);
  assertEquals(at(12), [12, "0:8", "2:12", "1:8"]);
  assertEquals(at(13), [13, "", "2:12", "1:8"]);
  assertEquals(at(14), [14, "", "", "1:8"]);
  assertEquals(at(), [16, "", "1:8", ""]);
  const flags = Object.values(vmaDumpAt(record).MemoryInfo).map(({ Flags }) => Flags);
  assertEquals(flags, [[], [], []]);
});

Deno.test("a time that is no number is refused", () => {
  for (const time of [NaN, "3" as never, null as never]) {
    const error = assertThrows(
      () => vmaDumpAt(demoRecord(), time),
      TtmError,
      "Cannot dump the record: the time must be",
    );
    assertEquals(error.code, "EINVAL");
  }
});

Deno.test("whatever happened, the dump at each moment is valid and adds up", () => {
  fc.assert(fc.property(randomEvents(), fc.nat(60), (events, which) => {
    const record: DeviceRecord = { header: HEADER, events };
    assertValid(vmaDumpAt(record, events[which % Math.max(events.length, 1)]?.time));
  }));
});

Deno.test("the schema refuses each kind of fault, and says where", () => {
  const record = { header: HEADER, events: [create(0, 0, 1), move(0, 0, null, "vram 2"), create(0, 1, 1)] };
  const good = vmaDumpAt({ ...record, events: [...record.events, move(0, 1, null, "system")] });
  // deno-lint-ignore no-explicit-any -- each fault changes something else
  const faults: Readonly<Record<string, (dump: any) => void>> = {
    "": (dump) => dump.Extra = 1,
    "/General": (dump) => delete dump.General.GPU,
    "/General/API": (dump) => dump.General.API = "Metal",
    "/General/memoryTypes": (dump) => dump.General.memoryTypes = [],
    "/Total": (dump) => delete dump.Total.BlockCount,
    "/Total/AllocationBytes": (dump) => dump.Total.AllocationBytes = -1,
    "/Total/BlockBytes": (dump) => dump.Total.BlockBytes = "8192",
    "/MemoryInfo": (dump) => dump.MemoryInfo["vram"] = dump.MemoryInfo["Heap 1"],
    "/MemoryInfo/Heap 0/Stats": (dump) => dump.MemoryInfo["Heap 0"].Stats.AllocationSizeMin = 1,
    "/MemoryInfo/Heap 1": (dump) => delete dump.MemoryInfo["Heap 1"].Budget,
    "/MemoryInfo/Heap 1/Flags/0": (dump) => dump.MemoryInfo["Heap 1"].Flags = [1],
    "/DefaultPools": (dump) => dump.DefaultPools["Heap 0"] = dump.DefaultPools["Type 0"],
    "/DefaultPools/Type 0/DedicatedAllocations/0/CustomData": (dump) =>
      dump.DefaultPools["Type 0"].DedicatedAllocations[0].CustomData = "buffer 1",
    "/DefaultPools/Type 1/Blocks": (dump) => dump.DefaultPools["Type 1"].Blocks["first"] = {},
    "/DefaultPools/Type 1/Blocks/0": (dump) => delete dump.DefaultPools["Type 1"].Blocks["0"].UnusedRanges,
    "/DefaultPools/Type 1/Blocks/0/Suballocations/0": (dump) =>
      dump.DefaultPools["Type 1"].Blocks["0"].Suballocations[0].CustomData = "1",
    "/DefaultPools/Type 1/Blocks/0/Suballocations/1/Type": (dump) =>
      dump.DefaultPools["Type 1"].Blocks["0"].Suballocations[1].Type = "IMAGE",
    "/DefaultPools/Type 1/Blocks/0/Suballocations/1/Size": (dump) =>
      dump.DefaultPools["Type 1"].Blocks["0"].Suballocations[1].Size = 0,
    "/CustomPools": (dump) => dump.CustomPools["Type 0"] = [],
  };
  assertValid(good);
  for (const [where, fault] of Object.entries(faults)) {
    const dump = JSON.parse(JSON.stringify(good));
    fault(dump);
    assert(!validate(dump), `${where} is not refused`);
    const places = validate.errors?.map(({ instancePath }) => instancePath);
    assert(places?.includes(where), `${where} is found at ${places}`);
  }
});

Deno.test("a driver of one's own is dumped with its memory types", () => {
  const driver: Driver = {
    name: "host",
    memoryTypes: [{ name: "system" }, { name: "pool", pages: 4 }],
    evictPlacement: () => ({ placement: [] }),
  };
  const dump = vmaDump(new BoDevice({ driver, managers: { pool: firstFit() } }).dump());
  assertValid(dump);
  assertEquals(dump.MemoryInfo["Heap 1"]?.MemoryPools["Type 1"]?.Flags, ["HOST_VISIBLE"]);
});
