import type { MemTypeManager } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { goodFit } from "@ttm/good-fit";
import { CountingManager } from "./counting_manager.ts";
import { equalSizes, makeFleet, order, pick, use } from "./devices.ts";
import { PlainDevice } from "./plain.ts";
import { benchRows, type Row, type Variant } from "./variant.ts";

const BUFFERS = 4096;
const OPERATIONS = 2 * BUFFERS;

/** Uses buffers in a fixed order, over and over, with room for so many of them. */
function plain(count: number, room: number): Variant {
  return {
    name: "plain objects and a Map",
    operations: OPERATIONS,
    prepare() {
      const device = new PlainDevice(room, equalSizes(count, 1));
      const ids = inTurn(count);
      return () => {
        for (const id of ids) device.use(id);
      };
    },
  };
}

function ours(count: number, room: number, manager: () => MemTypeManager): Variant {
  return {
    name: "tryReserve, tryValidate, unreserve",
    operations: OPERATIONS,
    prepare() {
      const { buffers, vram } = makeFleet({ sizes: equalSizes(count, 1), vram: room, manager: manager() });
      const list = pick(buffers, inTurn(count));
      return () => {
        for (const buffer of list) use(buffer, vram);
      };
    },
  };
}

function inTurn(count: number): number[] {
  const once = order(count);
  return Array.from({ length: OPERATIONS }, (_, at) => once[at % count] as number);
}

/** With room for half of the buffers: each one comes back just after it has left. */
function evictOne(room: number, managerName: string, manager: () => MemTypeManager): Row {
  return {
    name: `validate that evicts one of ${room}, ${managerName}`,
    variants: [plain(2 * room, room), ours(2 * room, room, manager)],
  };
}

const twoAwaits: Variant = {
  name: "two awaits of nothing",
  operations: BUFFERS,
  prepare() {
    const settled = Promise.resolve();
    return async () => {
      for (let i = 0; i < BUFFERS; i++) {
        await settled;
        await settled;
      }
    };
  },
};

const plainAwaited: Variant = {
  name: "plain objects and a Map, awaited",
  operations: BUFFERS,
  prepare() {
    const device = new PlainDevice(BUFFERS, equalSizes(BUFFERS, 1));
    const ids = order(BUFFERS);
    return async () => {
      for (const id of ids) {
        await device.reserve(id);
        await device.validate(id);
        device.unreserve(id);
      }
    };
  },
};

const oursAwaited: Variant = {
  name: "await reserve, await validate, unreserve",
  operations: BUFFERS,
  prepare() {
    const { buffers, vram } = makeFleet({ sizes: equalSizes(BUFFERS, 1) });
    const list = pick(buffers, order(BUFFERS));
    return async () => {
      for (const buffer of list) {
        await buffer.reserve();
        await buffer.validate(vram);
        buffer.unreserve();
      }
    };
  },
};

/** Validating one buffer: where it is already, and where another has to leave for it. */
export const VALIDATE_ROWS: readonly Row[] = benchRows([
  {
    name: "in place, 4096 buffers in random order",
    variants: [plain(BUFFERS, BUFFERS), ours(BUFFERS, BUFFERS, firstFit)],
  },
  { name: "in place, awaited", variants: [plainAwaited, twoAwaits, oursAwaited] },
  ...[64, 4096].flatMap((room) => [
    evictOne(room, "first fit", firstFit),
    evictOne(room, "good fit", goodFit),
    evictOne(room, "counting only", () => new CountingManager()),
  ]),
]);
