import { equalSizes, makeFleet, order, pick, use } from "./devices.ts";
import { PlainDevice } from "./plain.ts";
import { benchRows, type Row, type Variant } from "./variant.ts";

const BUFFERS = 4096;

/** Uses as many buffers as given one after the other, with room for 4096. */
function plain(count: number): Variant {
  return {
    name: "plain objects and a Map",
    operations: count,
    prepare() {
      const device = new PlainDevice(BUFFERS, equalSizes(count, 1));
      const ids = order(count);
      return () => {
        for (const id of ids) device.use(id);
      };
    },
  };
}

function ours(count: number): Variant {
  return {
    name: "tryReserve, tryValidate, unreserve",
    operations: count,
    prepare() {
      const { buffers, vram } = makeFleet({ sizes: equalSizes(count, 1), vram: BUFFERS });
      const list = pick(buffers, order(count));
      return () => {
        for (const buffer of list) use(buffer, vram);
      };
    },
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
  { name: "in place, 4096 buffers in random order", variants: [plain(BUFFERS), ours(BUFFERS)] },
  { name: "in place, awaited", variants: [plainAwaited, twoAwaits, oursAwaited] },
  // Twice as many as there is room for, in a fixed order: each one comes back just after it has left.
  { name: "validate that evicts one", variants: [plain(2 * BUFFERS), ours(2 * BUFFERS)] },
]);
