import { assert, assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { MemoryAccountant } from "./memory_accountant.ts";
import {
  accountedSize,
  BoDevice,
  type BufferObject,
  type BufferOptions,
  checkInvariants,
  Global,
  type MemoryZone,
  TranslationTable,
} from "../mod.ts";
import {
  bytesIn,
  fill,
  only,
  place,
  put,
  refused,
  refusedUnchanged,
  testDevice,
  TestDriver,
} from "../testing_devices.ts";

const STRUCTURES = accountedSize(4096);

/** A zone with room for the structures of so many buffers of a page, and for so many pages. */
function zoneOf(buffers: number, pages: number, more: Partial<MemoryZone> = {}): MemoryZone {
  const maxBytes = buffers * STRUCTURES + pages * 4096;
  const bytes = 2 * maxBytes;
  return { name: "kernel", bytes, maxBytes, emergencyBytes: bytes, swapBytes: bytes, ...more };
}

function limited(zone: MemoryZone) {
  const all = testDevice({ limits: { zones: [zone] } });
  return { ...all, used: () => all.device.global.zone(zone.name).usedBytes };
}

async function filled(device: BoDevice, byte: number, options: Partial<BufferOptions> = {}): Promise<BufferObject> {
  const buffer = put(device, "system", options);
  await fill(buffer, byte);
  return buffer;
}

Deno.test("structures and populated pages are counted, and the figures return to zero", async () => {
  const { device, used } = limited(zoneOf(4, 4));
  const buffer = device.createBuffer({ bytes: 4096 });
  assertEquals([used(), device.global.usedPages], [STRUCTURES, 0]);
  place(buffer, "gtt");
  assertEquals([used(), device.global.usedPages], [STRUCTURES + 4096, 1]);
  place(buffer, "vram");
  assertEquals(used(), STRUCTURES);
  place(buffer, "system");
  await fill(buffer, 1);
  await device.swapOut();
  assertEquals(used(), STRUCTURES);
  assertEquals([await bytesIn(buffer), used()], [[1], STRUCTURES + 4096]);
  place(buffer, { placement: [] });
  assertEquals(used(), STRUCTURES);
  buffer.unref();
  assertEquals([used(), device.global.usedPages], [0, 0]);
});

Deno.test("imported pages are not counted", async () => {
  const { device, used } = limited(zoneOf(4, 4));
  const imported = put(device, "gtt", { kind: "sg", imported: new Uint8Array(4096) });
  await fill(imported, 1);
  assertEquals([used(), device.global.usedPages], [STRUCTURES, 0]);
});

Deno.test("above the limit of a zone buffers are swapped out; when none is left it is ENOMEM", async () => {
  const { device } = limited(zoneOf(3, 2));
  const [a, b, c] = [await filled(device, 1), await filled(device, 2), await filled(device, 3)];
  assertEquals([a.swapped, b.swapped, c.swapped], [true, false, false]);
  for (const buffer of [a, b, c]) buffer.tryReserve();
  await refused(() => a.read(), "ENOMEM", "Cannot read buffer 0: no memory");
  assertEquals([a.swapped, device.global.usedPages], [true, 2]);
  b.unreserve();
  assertEquals([(await a.read())[0], b.swapped], [1, true]);
  for (const buffer of [a, c]) buffer.unreserve();
  b.tryReserve();
  assertEquals([(await b.read())[0], a.swapped], [2, true]);
  checkInvariants(device);
});

Deno.test("createBuffer() without memory for the structures is ENOMEM, and calls onDestroy once", async () => {
  const { device, used } = limited(zoneOf(1, 1));
  device.createBuffer({ bytes: 4096 });
  let told = 0;
  const options = { bytes: 4096 * 4096, onDestroy: () => told++ };
  await refused(() => device.createBuffer(options), "ENOMEM", "Cannot create buffer: no memory for its");
  assertEquals([told, used(), device.liveBuffers, device.global.bufferCount], [1, STRUCTURES, 1, 1]);
});

Deno.test("with noWait nothing is swapped out", async () => {
  const { device } = limited(zoneOf(2, 1));
  const [a, b] = [await filled(device, 1), put(device, "system")];
  b.tryReserve();
  await refused(() => b.write(new Uint8Array(1), { noWait: true }), "ENOMEM");
  assertEquals(a.swapped, false);
  await b.write(new Uint8Array(1));
  assertEquals(a.swapped, true);
});

Deno.test("an operation swaps out others at most four times", () => {
  let asked = 0;
  const accountant = new MemoryAccountant({ zones: [{ name: "kernel", bytes: 8192, maxBytes: 4096 }] });
  accountant.registerShrinker(() => {
    asked++;
    return 0;
  });
  const state = { noWait: false, shrinks: 0 };
  const charge = { bytes: 4096, pages: 1, dma32: false, privileged: false };
  accountant.count(charge);
  assertEquals([accountant.charge(charge, state as never), asked], [-12, 4]);
});

Deno.test("a size above a zone's limit swaps nothing out, and the error has the sizes", async () => {
  const { device } = limited(zoneOf(0, 5, { maxBytes: 5 * 4096 }));
  const small = await filled(device, 1);
  const large = put(device, "system", { pages: 6 });
  large.tryReserve();
  const why = 'Cannot write buffer 1: 24576 bytes can never fit into zone "kernel", whose limit is 20480 bytes';
  await refusedUnchanged(device, [small, large], () => large.write(new Uint8Array(1)), "ENOMEM", why);
  await refusedUnchanged(
    device,
    [small, large],
    () => large.validate(only("gtt")),
    "ENOMEM",
    'can never fit into zone "kernel", whose limit is 20480',
  );
  const wide = { bytes: 2 ** 40 };
  const error = await refusedUnchanged(device, [small, large], () => device.createBuffer(wide), "ENOMEM", "structures");
  assert(String(error.cause).includes('can never fit into zone "kernel", whose limit is 20480'));
  assertEquals(small.swapped, false);
});

for (const mode of ["tryValidate", "validate"]) {
  Deno.test(`buffers that together exceed a zone are all placed in turn by ${mode}()`, async () => {
    const { device } = limited(zoneOf(20, 4));
    const buffers = Array.from({ length: 20 }, () => device.createBuffer({ bytes: 4096 }));
    for (const buffer of [...buffers, ...buffers]) {
      buffer.tryReserve();
      if (mode === "validate") await buffer.validate(only("gtt"));
      else assertEquals(buffer.tryValidate(only("gtt")), null);
      buffer.unreserve();
    }
    assertEquals(device.global.usedPages, 4);
    checkInvariants(device);
  });
}

Deno.test("one shrinker can be registered", async () => {
  await refused(
    () => new Global().accountant.registerShrinker(() => 0),
    "EBUSY",
    "Cannot register shrinker: there already is one",
  );
});

Deno.test("kernel buffers may use the emergency part of a zone", async () => {
  const { device } = limited(zoneOf(2, 1, { emergencyBytes: 2 * STRUCTURES + 2 * 4096 }));
  const plain = await filled(device, 1);
  const kernel = await filled(device, 2, { kind: "kernel" });
  assertEquals([plain.swapped, kernel.swapped, device.global.usedPages], [false, false, 2]);
  await refused(() => device.createBuffer({ bytes: 4096 * 4096, kind: "kernel" }), "ENOMEM");
});

Deno.test("a dma32 zone counts pages only of devices that need such pages, and structures of all", () => {
  const limits = { zones: [zoneOf(100, 100), zoneOf(100, 100, { name: "dma32", dma32: true })] };
  for (const dma32 of [false, true]) {
    const driver = Object.assign(new TestDriver(), { supports: { moves: "immediate", dma32 } });
    const device = new BoDevice({ driver, managers: { gtt: firstFit(), vram: firstFit() }, limits });
    place(device.createBuffer({ bytes: 4096 }), "gtt");
    const structures = accountedSize(4096, dma32);
    assertEquals(device.global.zone("kernel").usedBytes, structures + 4096);
    assertEquals(device.global.zone("dma32").usedBytes, structures + (dma32 ? 4096 : 0));
  }
});

Deno.test("above the swap limit of a zone buffers are swapped out in the background, without waiting", async () => {
  const { device, clock, used } = limited(zoneOf(3, 4, { swapBytes: 3 * STRUCTURES + 2 * 4096 }));
  const buffers = [await filled(device, 1), await filled(device, 2)];
  clock.advanceTo(1);
  assertEquals(buffers.map(({ swapped }) => swapped), [false, false]);
  const third = await filled(device, 3);
  assertEquals([clock.pending, buffers.some(({ swapped }) => swapped)], [1, false]);
  clock.advanceTo(2);
  assertEquals([...buffers, third].map(({ swapped }) => swapped), [true, false, false]);
  assertEquals([clock.pending, used()], [0, 3 * STRUCTURES + 2 * 4096]);
});

Deno.test("above the page limit buffers are swapped out; when none is left the limit is exceeded", async () => {
  const { device } = testDevice({ limits: { pages: 2 } });
  const [a, b] = [await filled(device, 1), await filled(device, 2)];
  const c = await filled(device, 3);
  assertEquals([a.swapped, b.swapped, c.swapped, device.global.usedPages], [true, false, false, 2]);
  for (const buffer of [b, c]) buffer.tryReserve();
  await filled(device, 4);
  assertEquals(device.global.usedPages, 3);
  for (const buffer of [b, c]) buffer.unreserve();
  assertEquals([await bytesIn(a), await bytesIn(b), await bytesIn(c)], [[1], [2], [3]]);
  checkInvariants(device);
});

Deno.test("with a page limit of 0 only pages in use stay in memory", async () => {
  const { device } = testDevice({ limits: { pages: 0 } });
  const [a, b] = [await filled(device, 1), await filled(device, 2)];
  assertEquals([a.swapped, b.swapped, await bytesIn(a), b.swapped], [true, false, [1], true]);
});

Deno.test("pages that cannot be allocated are not accounted", async () => {
  const { device, driver, used } = limited(zoneOf(8, 8));
  const { table } = driver;
  driver.table = (buffer) => {
    const made = table(buffer);
    if (made !== null) {
      made.populate = () => {
        throw new Error("no pages");
      };
    }
    return made;
  };
  const buffer = put(device, "system");
  buffer.tryReserve();
  await refused(() => buffer.validate(only("gtt")), "ENOMEM");
  assertEquals([used(), device.global.usedPages], [STRUCTURES, 0]);
});

const zone = { name: "kernel", bytes: 4096 };
for (
  const [name, limits] of [
    ["none", 5],
    ["half a page", { pages: 0.5 }],
    ["fewer than no pages", { pages: -1 }],
    ["no number of pages", { pages: "1" }],
    ["zones that are no array", { zones: {} }],
    ["a zone of null", { zones: [null] }],
    ["a zone without a name", { zones: [{ bytes: 1 }] }],
    ["an empty name", { zones: [{ name: "", bytes: 1 }] }],
    ["no size", { zones: [{ name: "kernel" }] }],
    ["a limit beyond the zone", { zones: [{ ...zone, maxBytes: 4097 }] }],
    ["a negative emergency limit", { zones: [{ ...zone, emergencyBytes: -1 }] }],
    ["a swap limit that is no number", { zones: [{ ...zone, swapBytes: NaN }] }],
  ] as const
) {
  Deno.test(`limits of ${name} are EINVAL`, async () => {
    await refused(() => new Global({ limits: limits as never }), "EINVAL", "Cannot create global");
  });
}

Deno.test("a zone's defaults are a limit of 1/2, of 3/4 for the kernel, and swapping from 3/8 of its bytes", () => {
  const global = new Global({ limits: { zones: [{ name: "kernel", bytes: 8000 }] } });
  assertEquals(global.zone("kernel"), { name: "kernel", usedBytes: 0, maxBytes: 4000 });
  const charge = { bytes: 3001, pages: 0, dma32: false, privileged: false };
  global.accountant.count(charge);
  assertEquals(global.accountant.aboveSwapLimit, true);
  global.accountant.uncharge({ ...charge, bytes: 1 });
  assertEquals([global.accountant.aboveSwapLimit, global.accountant.usedBytes], [false, 3000]);
});

Deno.test("the usage of an unknown zone is EINVAL", async () => {
  await refused(() => new Global().zone("kernel"), "EINVAL", "there is no such zone");
});

Deno.test("a ghost object is not accounted", () => {
  const { device, driver } = testDevice({ ordered: true, limits: { zones: [zoneOf(4, 4)] } });
  const used = () => device.global.zone("kernel").usedBytes;
  const buffer = put(device, "vram");
  place(buffer, "gtt");
  assertEquals([device.dying.length, used()], [1, STRUCTURES + 4096]);
  while (driver.copies.length > 0) driver.finishCopy();
  assertEquals([device.dying.length, used()], [0, STRUCTURES + 4096]);
  buffer.unref();
  assertEquals(used(), 0);
});

Deno.test("externally counted pages cause swapouts of others above the page limit", async () => {
  const { device, driver } = testDevice({ limits: { pages: 0 } });
  const buffer = put(device, "system");
  await fill(buffer, 7);
  driver.table = ({ pages }) => new TranslationTable(pages, () => new Uint8Array(4096), { external: true });
  const external = put(device, "gtt");
  assertEquals([external.tt?.populated, buffer.swapped, device.global.usedPages], [true, true, 0]);
  assertEquals(await bytesIn(buffer), [7]);
});
