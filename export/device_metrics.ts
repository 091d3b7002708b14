import { type BoDevice, type BufferView, type MoveEvent, PAGE_SIZE, type Tracer, type TtmError } from "@ttm/core";
import { checkMethods, checkObject } from "@ttm/core/arguments";
import type { MeterAttributes, MeterLike, MeterObservable, MeterResult } from "./meter.ts";
import { Tally } from "./tally.ts";

const TYPE = "ttm.memory.type";

/**
 * The metrics of a device for OpenTelemetry. It is a tracer, which counts while the device works and reports when values
 * are collected; the meter comes from the user, so that nothing of OpenTelemetry is loaded by this package.
 *
 * | metric                | unit          | attributes                                            |
 * | --------------------- | ------------- | ----------------------------------------------------- |
 * | `ttm.memory.usage`    | `By`          | `ttm.memory.type`                                     |
 * | `ttm.memory.limit`    | `By`          | `ttm.memory.type`; none for SYSTEM                    |
 * | `ttm.moves`           | `{move}`      | `ttm.memory.source`, `ttm.memory.destination`         |
 * | `ttm.move.io`         | `By`          | the same; not for moves dropped for a store          |
 * | `ttm.evictions`       | `{eviction}`  | `ttm.memory.type`, where the buffer was               |
 * | `ttm.swap.operations` | `{operation}` | `ttm.swap.direction`: `in` or `out`                   |
 * | `ttm.swap.io`         | `By`          | the same                                              |
 * | `ttm.waits`           | `{wait}`      | `ttm.wait.for`: `fence`, `reservation` or `room`      |
 * | `ttm.failures`        | `{failure}`   | `error.type`: the code of the error                   |
 *
 * The source of a buffer's first move is `none`. Failed moves count nowhere, failed calls under `ttm.failures`.
 *
 * @example With a meter that only remembers
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 * import { DeviceMetrics } from "@ttm/export";
 *
 * // In a program: const meter = metrics.getMeter("@ttm/export"), of "@opentelemetry/api".
 * const callbacks: ((result: { observe(value: number): void }) => void)[] = [];
 * const create = (name: string) => ({
 *   addCallback: (callback: typeof callbacks[number]) => name === "ttm.moves" && callbacks.push(callback),
 *   removeCallback() {},
 * });
 * using metrics = new DeviceMetrics({ createObservableCounter: create, createObservableUpDownCounter: create });
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {}, tracer: metrics });
 * metrics.observe(device);
 * using buffer = await device.createPlaced({ bytes: 5000, placement: { placement: [{ memoryType: "system" }] } });
 * const values: number[] = [];
 * for (const callback of callbacks) callback({ observe: (value) => values.push(value) });
 * assertEquals([buffer.pages, values], [2, [1]]);
 * ```
 */
export class DeviceMetrics implements Tracer, Disposable {
  readonly #common: MeterAttributes;
  readonly #moves: Tally;
  readonly #moved: Tally;
  readonly #evictions: Tally;
  readonly #swaps: Tally;
  readonly #swapped: Tally;
  readonly #waits: Tally;
  readonly #failures: Tally;
  readonly #usage: MeterObservable;
  readonly #limit: MeterObservable;
  #ends: (() => void)[];

  /**
   * Makes the metrics; values are reported from now on.
   *
   * @param meter The `Meter` of `@opentelemetry/api`.
   * @param attributes Come with every value, for example to tell devices apart. @default {none}
   * @throws {TtmError} `EINVAL` if it is no meter, or the attributes are no object.
   */
  constructor(meter: MeterLike, attributes: MeterAttributes = {}) {
    const what = "make metrics";
    checkMethods(what, "the meter", meter, ["createObservableCounter", "createObservableUpDownCounter"]);
    checkObject(what, "the attributes", attributes);
    const common = { ...attributes };
    const directions = ["ttm.memory.source", "ttm.memory.destination"];
    this.#common = common;
    this.#moves = new Tally(directions, common);
    this.#moved = new Tally(directions, common);
    this.#evictions = new Tally([TYPE], common);
    this.#swaps = new Tally(["ttm.swap.direction"], common);
    this.#swapped = new Tally(["ttm.swap.direction"], common);
    this.#waits = new Tally(["ttm.wait.for"], common);
    this.#failures = new Tally(["error.type"], common);
    const sum = (name: string, description: string) =>
      meter.createObservableUpDownCounter(name, { unit: "By", description });
    this.#usage = sum("ttm.memory.usage", "Bytes in use, by memory type.");
    this.#limit = sum("ttm.memory.limit", "Size of a memory type.");
    this.#ends = [
      this.#moves.report(meter, "ttm.moves", "{move}", "Moves of buffers between memory types."),
      this.#moved.report(meter, "ttm.move.io", "By", "Bytes of the buffers that were moved."),
      this.#evictions.report(meter, "ttm.evictions", "{eviction}", "Moves that made room for others."),
      this.#swaps.report(meter, "ttm.swap.operations", "{operation}", "Buffers that went to a store or came back."),
      this.#swapped.report(meter, "ttm.swap.io", "By", "Bytes that went to a store or came back."),
      this.#waits.report(meter, "ttm.waits", "{wait}", "Waits of calls."),
      this.#failures.report(meter, "ttm.failures", "{failure}", "Calls that failed."),
    ];
  }

  /**
   * Reports the usage of a device's memory types from now on. The tracer does not see them, so that this is called once,
   * after the device was made.
   *
   * @throws {TtmError} `EINVAL` if it is no device.
   */
  observe(device: Pick<BoDevice, "memoryTypes" | "usage">): void {
    checkMethods("report the usage of a device", "the device", device, ["usage"]);
    const report = (metric: MeterObservable, bytesOf: (type: string, isSystem: boolean) => number | undefined) => {
      const callback = (result: MeterResult) => {
        for (const [index, type] of device.memoryTypes.entries()) {
          const bytes = bytesOf(type, index === 0);
          if (bytes !== undefined) result.observe(bytes, { ...this.#common, [TYPE]: type });
        }
      };
      metric.addCallback(callback);
      this.#ends.push(() => metric.removeCallback(callback));
    };
    report(this.#usage, (type) => device.usage(type).usedPages * PAGE_SIZE);
    report(this.#limit, (type, isSystem) => isSystem ? undefined : device.usage(type).pages * PAGE_SIZE);
  }

  /** Called by the core. */
  move({ buffer, from, to, failure, evict, dropped }: MoveEvent): void {
    if (failure !== null) return;
    const source = from?.memoryType ?? "none";
    this.#moves.add(1, source, to.memoryType);
    if (!dropped) this.#moved.add(buffer.pages * PAGE_SIZE, source, to.memoryType);
    if (evict) this.#evictions.add(1, source);
  }

  /** Called by the core. */
  swapOut(buffer: BufferView): void {
    this.#swap("out", buffer);
  }

  /** Called by the core. */
  swapIn(buffer: BufferView): void {
    this.#swap("in", buffer);
  }

  /** Called by the core. */
  waitBegin({ what }: { readonly what: "fence" | "reservation" | "room" }): void {
    this.#waits.add(1, what);
  }

  /** Called by the core. */
  failure(_operation: unknown, error: TtmError): void {
    this.#failures.add(1, error.code);
  }

  /** Reports nothing from now on. */
  [Symbol.dispose](): void {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  #swap(direction: "in" | "out", buffer: BufferView): void {
    this.#swaps.add(1, direction);
    this.#swapped.add(buffer.pages * PAGE_SIZE, direction);
  }
}
