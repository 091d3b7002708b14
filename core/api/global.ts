import { MemoryAccountant, type MemoryLimits, type ZoneUsage } from "../state/memory_accountant.ts";
import { checkOptions, checkWaitOptions, optionNames } from "../base/arguments.ts";
import { type Clock, type ClockEvent, SystemClock } from "../time/clock.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { DeviceView } from "../contract/device_view.ts";
import { TtmError } from "../base/errors.ts";
import { swapOutError } from "../calls/call_errors.ts";
import { Operation } from "../state/operation.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { BLOCKED, DONE, type Outcome } from "../base/outcome.ts";
import type { Tracer } from "../contract/tracer.ts";
import { swapOutDevice } from "../place/swapout.ts";
import { plural } from "../base/plural.ts";
import { complete } from "../state/wait.ts";

export const GLOBAL_OPTIONS: ReadonlySet<string> = optionNames<GlobalOptions>({ limits: true });

/** Options of a {@linkcode Global}. */
export interface GlobalOptions {
  /** Limits of the host memory that the buffers of all devices use together. @default {no limits} */
  readonly limits?: MemoryLimits;
}

/**
 * The state that several devices share (`ttm_global`): the accounting of host memory, and the order in which devices
 * swap out buffers. A device without the option `global` creates its own.
 *
 * @example Two devices in one memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, Global } from "@ttm/core";
 *
 * const driver = () => ({ name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) });
 * const global = new Global({ limits: { pages: 1 } });
 * await using first = new BoDevice({ driver: driver(), managers: {}, global });
 * await using second = new BoDevice({ driver: driver(), managers: {}, global });
 * using a = first.createBuffer({ bytes: 4096 });
 * using b = second.createBuffer({ bytes: 4096 });
 * for (const buffer of [a, b]) {
 *   using _reservation = await buffer.reserve();
 *   await buffer.validate({ placement: [{ memoryType: "system" }] });
 *   await buffer.write(new Uint8Array([1]));
 * }
 * assertEquals([a.swapped, b.swapped, global.usedPages], [true, false, 1]);
 * ```
 */
export class Global {
  /** @internal */
  readonly accountant: MemoryAccountant;
  /** The devices in the order in which a swapout tries them. */
  #members: Map<DeviceState, DeviceView> = new Map();
  #clock: Clock = new SystemClock();
  #worker: ClockEvent | null = null;
  #closed = false;
  #asked: Tracer = {};
  /** Waits that belong to no buffer are reported to the tracer of the device whose buffers are swapped out. */
  readonly #waits: Tracer = { wait: (fence) => this.#asked.wait?.(fence) };

  /**
   * Checks the limits.
   *
   * @throws {TtmError} `EINVAL` if a limit is invalid.
   */
  constructor(options: GlobalOptions = {}) {
    checkOptions("create global", options, GLOBAL_OPTIONS);
    this.accountant = new MemoryAccountant(options.limits);
    this.accountant.registerShrinker((op) => this.#swapOutOnce(op), () => this.#shrinkInBackground());
  }

  /** The devices in the order in which a swapout tries them. */
  get devices(): DeviceView[] {
    return [...this.#members.values()];
  }

  /** Number of buffers and ghost objects of all devices that have not been freed (`bo_count`). */
  get bufferCount(): number {
    let count = 0;
    for (const state of this.#members.keys()) count += state.liveBuffers + state.dyingBuffers;
    return count;
  }

  /** Number of populated host pages of all devices. */
  get usedPages(): number {
    return this.accountant.usedPages;
  }

  /**
   * The use of a memory zone, in bytes.
   *
   * @throws {TtmError} `EINVAL` if the limits have no such zone.
   */
  zone(name: string): ZoneUsage {
    return this.accountant.zone(name);
  }

  /**
   * Swaps out at least one buffer, of the first of the {@linkcode devices} that has any to swap out.
   *
   * @returns The number of pages freed; 0 if there is nothing to swap out.
   * @throws {TtmError} `EBUSY` after 15 s of waiting for the work on a buffer. An aborted signal rejects with its
   * reason.
   */
  async swapOut(options: WaitOptions = {}): Promise<number> {
    checkWaitOptions("swap out", options);
    const op = new Operation(this.#waits, options.noWait === true).start("swapOut");
    for (const state of this.#members.keys()) state.tracer.operation?.(op);
    let freed = 0;
    const outcome = await complete(this.#clock, op, options.signal, () => {
      freed = this.#swapOutOnce(op);
      return freed < 0 ? freed : DONE;
    });
    if (outcome !== DONE) throw swapOutError(op, outcome);
    return freed;
  }

  /**
   * Swaps out all buffers that can be swapped out (`ttm_bo_swapout_all`).
   *
   * @returns The number of pages freed.
   * @throws {TtmError} As {@linkcode swapOut}.
   */
  async swapOutAll(options: WaitOptions = {}): Promise<number> {
    let total = 0;
    for (;;) {
      const freed = await this.swapOut(options);
      if (freed === 0) return total;
      total += freed;
    }
  }

  /**
   * Closes the global: no device can be created with it any more. Close a shared global after its devices.
   *
   * @throws {TtmError} `EBUSY` while it has devices.
   */
  close(): void {
    if (this.#members.size > 0) {
      throw new TtmError("EBUSY", `Cannot close global: it has ${plural(this.#members.size, "device")}`);
    }
    this.#closed = true;
  }

  /** @internal */
  mustBeOpen(): void {
    if (this.#closed) throw new TtmError("EINVAL", "Cannot create device: its global is closed");
  }

  /** @internal */
  add(device: DeviceView, state: DeviceState): void {
    this.#members.set(state, device);
    this.accountant.devices = this.#members.size;
    if (this.#members.size === 1) this.#takeClock();
  }

  /** @internal */
  remove(state: DeviceState): void {
    this.#members.delete(state);
    this.accountant.devices = this.#members.size;
    if (this.#clock === state.clock) this.#takeClock();
  }

  /** Uses the clock of a device that is open, since the clock of a closed device may no longer advance. */
  #takeClock(): void {
    if (this.#worker !== null) this.#clock.cancel(this.#worker);
    this.#worker = null;
    const [first] = this.#members.keys();
    this.#clock = first?.clock ?? new SystemClock();
    this.#shrinkInBackground();
  }

  /** One attempt to swap out; the device that freed pages becomes the last to be tried (`ttm_global_swapout`). */
  #swapOutOnce(op: Operation): number | Outcome {
    let freed: number | Outcome = 0;
    for (const [state, device] of this.#members) {
      this.#asked = state.tracer;
      freed = swapOutDevice(state, op);
      if (freed === BLOCKED) return BLOCKED;
      if (freed <= 0) continue;
      this.#members.delete(state);
      this.#members.set(state, device);
      break;
    }
    return freed;
  }

  /** Schedules a swapout that does not wait, if a zone is above its swap limit. */
  #shrinkInBackground(): void {
    if (this.#worker !== null || this.#members.size === 0 || !this.accountant.aboveSwapLimit) return;
    this.#worker = this.#clock.schedule(this.#clock.now(), () => {
      this.#worker = null;
      this.accountant.shrinkToSwapLimit(new Operation(this.#waits, true));
    });
  }
}
