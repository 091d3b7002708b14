import { assertEquals } from "@std/assert";
import { accountedSize, checkInvariants, TranslationTable } from "@ttm/core";
import { put, refused, testDevice } from "../../core/testing_devices.ts";

Deno.test("F27: a limit holds for what is asked for together with what is used", async () => {
  const structures = accountedSize(2 * 4096);
  const zone = { name: "kernel", bytes: 10 * structures, maxBytes: structures + 4096 };
  const { device } = testDevice({ limits: { zones: [zone] } });
  const buffer = put(device, "system", { pages: 2 });
  buffer.tryReserve();
  await refused(() => buffer.write(new Uint8Array(1)), "ENOMEM");
  assertEquals(device.global.zone("kernel").usedBytes, structures);
});

Deno.test("F28: pages that could not be had are not taken from the account", async () => {
  const { device, driver } = testDevice();
  let memory = 0;
  driver.table = ({ pages }) =>
    new TranslationTable(pages, (count) => {
      if (memory < count) throw new Error("no pages");
      return new Uint8Array(count * 4096);
    });
  const buffer = put(device, "system");
  buffer.tryReserve();
  await refused(() => buffer.write(new Uint8Array(1)), "ENOMEM");
  assertEquals(device.global.usedPages, 0);
  memory = 1;
  await buffer.write(new Uint8Array(1));
  assertEquals(device.global.usedPages, 1);
  buffer.unreserve();
  buffer.unref();
  assertEquals(device.global.usedPages, 0);
  checkInvariants(device);
});
