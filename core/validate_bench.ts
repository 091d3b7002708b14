import { BoDevice, byteTable, type Driver, PAGE_SIZE, TranslationTable } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";

const BUFFERS = 4096;

/** A driver that moves no bytes, so that only the core's own work is measured. */
const driver: Driver = {
  name: "nothing",
  memoryTypes: [{ name: "system" }, { name: "vram", pages: BUFFERS, fixed: true }],
  evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
  move: () => {},
  createTranslationTable: (buffer) => new TranslationTable(buffer.pages, () => null),
};

function compose(buffers: number) {
  const device = new BoDevice({ driver: { ...driver }, managers: { vram: firstFit({ order: "lowest" }) } });
  const placement = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
  const all = Array.from({ length: buffers }, () => device.createBuffer({ bytes: PAGE_SIZE }));
  let at = 0;
  // A stride that is prime to the number of buffers visits them in an order that caches do not foresee.
  const next = () => all[at = (at + 2741) % buffers] ?? device.createBuffer({ bytes: PAGE_SIZE });
  return { placement, next };
}

const resident = compose(BUFFERS);
Deno.bench("reserve + validate + unreserve in place", { group: "in place", baseline: true }, () => {
  const buffer = resident.next();
  buffer.tryReserve();
  buffer.tryValidate(resident.placement);
  buffer.unreserve();
});
Deno.bench("the same, awaited", { group: "in place" }, async () => {
  const buffer = resident.next();
  await buffer.reserve();
  await buffer.validate(resident.placement);
  buffer.unreserve();
});

const crowded = compose(2 * BUFFERS);
Deno.bench("validate that evicts one buffer", { group: "evicting", baseline: true }, () => {
  const buffer = crowded.next();
  buffer.tryReserve();
  buffer.tryValidate(crowded.placement);
  buffer.unreserve();
});
Deno.bench("copying one page of bytes, for comparison", { group: "evicting" }, () => {
  byteTable(1).populate().set(byteTable(1).populate());
});
