import { assertEquals } from "@std/assert";
import type { KeptReason, NoRoomReport } from "./mod.ts";
import { addWork, fence, only, pin, put, refused, testDevice, whileReserved } from "./testing_devices.ts";

const nobody: Record<KeptReason, number> = {
  "pinned": 0,
  "reserved": 0,
  "outside the range": 0,
  "busy": 0,
  "cannot leave": 0,
};

Deno.test("an ENOMEM says what was tried, who stood in the way and why, and who holds how much", async () => {
  const { device, driver } = testDevice();
  const at = (fpfn: number, label: string) => put(device, only("vram", { fpfn }), { label });
  const [pinned, reserved] = [at(0, "pinned"), at(1, "reserved")];
  at(7, "outside");
  const [busy, stuck] = [at(3, "busy"), at(4, "stuck")];
  pin(pinned);
  reserved.tryReserve();
  whileReserved(busy, () => busy.addFence(fence(), "read"));
  driver.evict = (buffer) => buffer === stuck ? only("vram", { caching: ["cached"] }) : only("gtt");
  const buffer = put(device, "system", { pages: 6, label: "wanting" });
  buffer.tryReserve();
  const asked = {
    placement: [{ memoryType: "vram", caching: ["cached" as const] }, { memoryType: "gtt", fpfn: 4 }],
    busyPlacement: [{ memoryType: "vram", lpfn: 6 }],
  };
  const error = await refused(() => buffer.validate(asked, { noWait: true }), "ENOMEM");
  const kept = { ...nobody, "pinned": 1, "reserved": 1, "outside the range": 1, "busy": 1, "cannot leave": 1 };
  const expected: NoRoomReport = {
    pages: 6,
    tried: [
      { memoryType: "vram", fpfn: 0, lpfn: null, evicting: false, problem: "caching not available", kept: nobody },
      { memoryType: "gtt", fpfn: 4, lpfn: null, evicting: false, problem: "no room", kept: nobody },
      { memoryType: "vram", fpfn: 0, lpfn: 6, evicting: true, problem: "no room", kept },
    ],
    usage: [
      { memoryType: "system", pages: 0, usedPages: 6, residents: 1 },
      { memoryType: "gtt", pages: 8, usedPages: 0, residents: 0 },
      { memoryType: "vram", pages: 8, usedPages: 5, residents: 5 },
    ],
    kept: [
      { buffer: 'buffer 0 "pinned"', pages: 1, reason: "pinned" },
      { buffer: 'buffer 1 "reserved"', pages: 1, reason: "reserved" },
      { buffer: 'buffer 2 "outside"', pages: 1, reason: "outside the range" },
      { buffer: 'buffer 3 "busy"', pages: 1, reason: "busy" },
      { buffer: 'buffer 4 "stuck"', pages: 1, reason: "cannot leave" },
    ],
  };
  assertEquals(error.report, expected);
  assertEquals(
    error.message,
    'Cannot validate buffer 5 "wanting": no room for 6 pages; vram: caching not available; ' +
      "vram: no room (1 pinned, 1 reserved, 1 outside the range, 1 busy, 1 cannot leave)",
  );
});

Deno.test("an ENOMEM counts all who stood in the way and names the first 32", async () => {
  const { device } = testDevice({ vram: 40 });
  for (let page = 0; page < 40; page++) pin(put(device, "vram"));
  const buffer = put(device, "system");
  buffer.tryReserve();
  const { report } = await refused(() => buffer.validate(only("vram")), "ENOMEM");
  assertEquals([report?.tried.at(-1)?.kept.pinned, report?.kept.length], [40, 32]);
  assertEquals(report?.kept[31]?.buffer, "buffer 31");
});

Deno.test("dying buffers and ghosts are named as such", async () => {
  const { device } = testDevice();
  const [dying, purged] = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })];
  addWork(dying);
  addWork(purged);
  dying.unref();
  purged.tryReserve();
  await purged.validate({ placement: [] });
  const buffer = put(device, "system");
  buffer.tryReserve();
  const { report } = await refused(() => buffer.validate(only("vram"), { noWait: true }), "ENOMEM");
  assertEquals(report?.kept.map((kept) => [kept.buffer, kept.reason]), [
    ["dying buffer 0", "busy"],
    ["ghost of buffer 1", "busy"],
  ]);
});

Deno.test("only an ENOMEM for want of room has a report", async () => {
  const { device, driver } = testDevice();
  const buffer = put(device, "system");
  buffer.tryReserve();
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  const error = await refused(() => buffer.validate(only("vram")), "EIO");
  assertEquals([error.report, "report" in error], [undefined, true]);
});
