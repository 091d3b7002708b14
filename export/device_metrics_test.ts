import { assertEquals, assertThrows } from "@std/assert";
import { metrics as api } from "@opentelemetry/api";
import { AggregationTemporality, DataPointType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { BoDevice, Global, PAGE_SIZE, SimulatedClock, TtmError } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { DeviceMetrics } from "./device_metrics.ts";

class Reader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  }
  protected onForceFlush = () => Promise.resolve();
  protected onShutdown = () => Promise.resolve();

  /** All values that OpenTelemetry has: `"ttm.moves By none vram"`. */
  async values(): Promise<Record<string, unknown>> {
    const { resourceMetrics, errors } = await this.collect();
    assertEquals(errors, []);
    const values: Record<string, unknown> = {};
    for (
      const { descriptor, dataPoints, dataPointType } of resourceMetrics.scopeMetrics.flatMap((one) => one.metrics)
    ) {
      assertEquals(dataPointType, DataPointType.SUM);
      for (const { attributes, value } of dataPoints) {
        values[[descriptor.name, descriptor.unit, ...Object.values(attributes)].join(" ")] = value;
      }
    }
    return values;
  }
}

function bench() {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  const metrics = new DeviceMetrics(provider.getMeter("@ttm/export"), { "gpu": "0" });
  const driver = new RadeonSim({ vram: 4 * PAGE_SIZE, gtt: 16 * PAGE_SIZE });
  const device = new BoDevice({
    driver,
    managers: { vram: firstFit(), gtt: firstFit() },
    clock: new SimulatedClock(),
    tracer: metrics,
    global: new Global({ limits: { pages: 16 } }),
  });
  metrics.observe(device);
  const place = (memoryType: string, pages: number) =>
    device.createPlaced({ bytes: pages * PAGE_SIZE, placement: { placement: [{ memoryType }] } });
  return { reader, provider, metrics, device, place };
}

Deno.test("OpenTelemetry collects usage, moves, evictions, waits, swaps and failures of a device", async () => {
  const { reader, provider, device, place } = bench();
  await place("vram", 3);
  await place("vram", 2);
  const failed = await place("vram", 5).then(() => "", ({ code }) => code);
  assertEquals(failed, "ENOMEM");
  await device.evictAll("gtt");
  const swapped = await device.swapOut();
  assertEquals(swapped, 3);
  const { "ttm.waits {wait} 0 fence": waits, ...values } = await reader.values();
  assertEquals(Number(waits) > 0, true);
  assertEquals(values, {
    "ttm.memory.usage By 0 system": 3 * PAGE_SIZE,
    "ttm.memory.usage By 0 vram": 2 * PAGE_SIZE,
    "ttm.memory.usage By 0 gtt": 0,
    "ttm.memory.limit By 0 vram": 4 * PAGE_SIZE,
    "ttm.memory.limit By 0 gtt": 16 * PAGE_SIZE,
    "ttm.moves {move} 0 none vram": 2,
    "ttm.moves {move} 0 vram gtt": 1,
    "ttm.moves {move} 0 gtt system": 1,
    "ttm.move.io By 0 none vram": 5 * PAGE_SIZE,
    "ttm.move.io By 0 vram gtt": 3 * PAGE_SIZE,
    "ttm.move.io By 0 gtt system": 3 * PAGE_SIZE,
    "ttm.evictions {eviction} 0 vram": 1,
    "ttm.evictions {eviction} 0 gtt": 1,
    "ttm.swap.operations {operation} 0 out": 1,
    "ttm.swap.io By 0 out": 3 * PAGE_SIZE,
    "ttm.failures {failure} 0 ENOMEM": 1,
  });
  await provider.shutdown();
});

Deno.test("buffers that come back from the store are counted", async () => {
  const { reader, provider, device, place } = bench();
  const buffer = await place("system", 2);
  await buffer.reserve();
  await buffer.write(Uint8Array.of(1));
  buffer.unreserve();
  await device.swapOut();
  await buffer.reserve();
  await buffer.populate();
  buffer.unreserve();
  const values = await reader.values();
  assertEquals([values["ttm.swap.operations {operation} 0 in"], values["ttm.swap.io By 0 in"]], [1, 2 * PAGE_SIZE]);
  await provider.shutdown();
});

Deno.test("what is disposed of reports nothing any more", async () => {
  const { reader, provider, metrics, place } = bench();
  await place("vram", 1);
  metrics[Symbol.dispose]();
  metrics[Symbol.dispose]();
  assertEquals(await reader.values(), {});
  await provider.shutdown();
});

Deno.test("without an SDK the meter of the API package is taken, and nothing is reported", () => {
  const metrics = new DeviceMetrics(api.getMeter("@ttm/export"));
  metrics.swapOut({ pages: 1 } as never);
  metrics[Symbol.dispose]();
});

Deno.test("what is no meter, no attributes and no device is refused", () => {
  const meter = api.getMeter("x");
  const refused = (fn: () => unknown, message: string) => {
    assertEquals(assertThrows(fn, TtmError, message).code, "EINVAL");
  };
  refused(() => new DeviceMetrics({} as never), "Cannot make metrics: the meter.createObservableCounter");
  refused(() => new DeviceMetrics(null as never), "Cannot make metrics: the meter");
  refused(() => new DeviceMetrics(meter, 7 as never), "Cannot make metrics: the attributes");
  refused(() => new DeviceMetrics(meter).observe({} as never), "Cannot report the usage of a device: the device.usage");
});
