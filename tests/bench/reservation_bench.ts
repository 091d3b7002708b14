import { Mutex } from "async-mutex";
import { equalSizes, makeFleet } from "./devices.ts";
import { benchRows, type Row, type Variant } from "./variant.ts";

const BUFFERS = 4096;
const HAND_OFFS = 20_000;

const freeMutexes: Variant = {
  name: "async-mutex: await acquire, release",
  operations: BUFFERS,
  prepare() {
    const mutexes = Array.from({ length: BUFFERS }, () => new Mutex());
    return async () => {
      for (const mutex of mutexes) {
        const release = await mutex.acquire();
        release();
      }
    };
  },
};

const freeBuffersAwaited: Variant = {
  name: "await reserve, unlock",
  operations: BUFFERS,
  prepare() {
    const { buffers } = makeFleet({ sizes: equalSizes(BUFFERS, 1) });
    return async () => {
      for (const buffer of buffers) {
        await buffer.reserve();
        buffer.unlock();
      }
    };
  },
};

const freeBuffers: Variant = {
  name: "tryReserve, unlock",
  operations: BUFFERS,
  prepare() {
    const { buffers } = makeFleet({ sizes: equalSizes(BUFFERS, 1) });
    return () => {
      for (const buffer of buffers) {
        buffer.tryReserve();
        buffer.unlock();
      }
    };
  },
};

const mutexInLine: Variant = {
  name: "async-mutex",
  operations: HAND_OFFS,
  prepare() {
    const mutex = new Mutex();
    return async () => {
      let release = await mutex.acquire();
      for (let i = 0; i < HAND_OFFS; i++) {
        const next = mutex.acquire();
        release();
        release = await next;
      }
      release();
    };
  },
};

const bufferInLine: Variant = {
  name: "await reserve, unlock",
  operations: HAND_OFFS,
  prepare() {
    const [buffer] = makeFleet({ sizes: [1] }).buffers;
    return async () => {
      if (buffer === undefined) return;
      await buffer.reserve();
      for (let i = 0; i < HAND_OFFS; i++) {
        const next = buffer.reserve();
        buffer.unlock();
        await next;
      }
      buffer.unlock();
    };
  },
};

/** Taking the lock of a buffer that is free, and one that somebody else holds. */
export const RESERVATION_ROWS: readonly Row[] = benchRows([
  { name: "lock and unlock", variants: [freeMutexes, freeBuffersAwaited, freeBuffers] },
  // One more stands in line before the holder gives the lock up, again and again.
  { name: "hand-off to one who waits", variants: [mutexInLine, bufferInLine] },
]);
