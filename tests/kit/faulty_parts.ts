import {
  BUSY,
  type Driver,
  Fence,
  FenceContext,
  type MemTypeManager,
  type MoveRequest,
  NO_ROOM,
  type Postponed,
  type SwapStore,
  TtmError,
} from "@ttm/core";
import { checkInteger, checkOptions, checkWord, optionNames } from "@ttm/core/arguments";

/** A manager that never has room, like a memory type full of pinned buffers: it always answers `NO_ROOM`. */
export function noSpace(): MemTypeManager {
  return answering("no-space", NO_ROOM);
}

/** A manager that always answers `BUSY`. */
export function alwaysBusy(): MemTypeManager {
  return answering("always-busy", BUSY);
}

function answering(name: string, answer: number): MemTypeManager {
  return {
    name,
    usedPages: 0,
    init: () => {},
    allocate: () => answer,
    free: () => {},
    takedown: () => true,
    debug: () => `${name}: nothing is ever handed out`,
  };
}

/** Which move fails, and how. */
export interface MoveFailure {
  /** The number of the move, from 1; calls that postpone a move are not counted. */
  readonly nth: number;
  /** At once, by its fence when the copy would have ended, or by a fence that never signals. */
  readonly how: "throw" | "fence" | "hang";
}

const MOVE_FAILURE = optionNames<MoveFailure>({ nth: true, how: true });

/** Wraps a driver so that one move fails. Failure by the fence is for drivers with ordered moves. */
export function failingMove(driver: Driver, failure: MoveFailure): Driver {
  checkOptions("make a driver fail", failure, MOVE_FAILURE);
  const { nth, how } = failure;
  checkInteger("make a driver fail", "nth", nth, 1, Number.MAX_SAFE_INTEGER);
  checkWord("make a driver fail", "how", how, ["throw", "fence", "hang"]);
  let moves = 0;
  const move = (request: MoveRequest): Fence | Postponed | void => {
    if (++moves === nth && how === "throw") {
      throw new TtmError("EIO", `Cannot move ${request.buffer}: move ${nth} fails`);
    }
    const fence = driver.move?.(request) ?? undefined;
    if (fence !== undefined && !(fence instanceof Fence)) moves--;
    if (moves !== nth || !(fence instanceof Fence)) return fence;
    const failed = new FenceContext("failing copy").next();
    if (how === "fence") fence.onSignal(() => failed.signal(new Error(`copy ${nth} failed`)));
    return failed;
  };
  return new Proxy(driver, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (name === "move") return move;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** How a store fails. */
export interface StoreFailure {
  /** The number of bytes by which reads are too short. @default {0} */
  readonly shortBy?: number;
  /** Writes beyond this number of bytes fail with `ENOSPC`. @default {never} */
  readonly fullAt?: number;
  /** With `n`, every `n`th read or write fails with `EIO`; 0 for none. @default {0} */
  readonly failEvery?: number;
}

const STORE_FAILURE = optionNames<StoreFailure>({ shortBy: true, fullAt: true, failEvery: true });

/** Wraps a store so that it fails. */
export function failingStore(store: SwapStore, failure: StoreFailure): SwapStore {
  checkOptions("make a store fail", failure, STORE_FAILURE);
  const { shortBy = 0, fullAt = Infinity, failEvery = 0 } = failure;
  const sizes = new Map<string, number>();
  let calls = 0;
  const mayFail = (what: string) => {
    if (failEvery > 0 && ++calls % failEvery === 0) {
      throw new TtmError("EIO", `Cannot ${what}: the faulty store fails this call`);
    }
  };
  return {
    name: `failing ${store.name}`,
    write(key, bytes) {
      mayFail(`write ${key}`);
      sizes.delete(key);
      const used = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      if (used + bytes.length > fullAt) {
        throw new TtmError("ENOSPC", `Cannot write ${key}: ${used} of ${fullAt} bytes are used`);
      }
      sizes.set(key, bytes.length);
      return store.write(key, bytes);
    },
    read(key) {
      mayFail(`read ${key}`);
      const cut = (bytes: Uint8Array) => bytes.subarray(0, Math.max(0, bytes.length - shortBy));
      const read = store.read(key);
      return read instanceof Uint8Array ? cut(read) : read.then(cut);
    },
    delete(key) {
      sizes.delete(key);
      return store.delete(key);
    },
  };
}
