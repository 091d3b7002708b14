import { AllocationLog } from "./allocation_log.ts";
import type { Pieces } from "./bytes.ts";
import { readJsonItems } from "./json_items.ts";
import { type Fail, MOST_BYTES, show, titleOf, whole } from "./values.ts";
import { type Workload, WorkloadError } from "./workload.ts";

/** A `[memory]` event: bytes above 0 are allocated, below 0 freed. */
interface MemoryEvent {
  readonly t: number;
  readonly address: number;
  readonly bytes: number;
}

/** The memory of the CPU in PyTorch's numbers of device types. */
const CPU = 0;

/**
 * Reads a Chrome trace of PyTorch's profiler (Kineto), recorded with `profile_memory=True`: its instant events
 * `[memory]`. Only one device is read; where none is chosen, the one that is not the CPU.
 *
 * @param device Which device beside the CPU, if the trace has several.
 * @throws {WorkloadError} For text that is no such JSON, an event with a field that is missing or wrong, a trace without
 * `[memory]` events, and several devices where none is chosen: at the offset of the event, or the end.
 */
export async function readChromeTrace(file: string, pieces: Pieces, device?: number): Promise<Workload> {
  const failAt = (offset: number): Fail => (why) =>
    new WorkloadError(file, { offset }, `Cannot read the Chrome trace: ${why}`);
  const devices = new Map<string, MemoryEvent[]>();
  let end = 0;
  for await (const { offset, value } of readJsonItems(pieces, "traceEvents", failAt)) {
    end = offset;
    const { name, args, ts } = fieldsOf(value, "an event", failAt(offset));
    if (name !== "[memory]") continue;
    const { key, event } = memoryEvent(ts, fieldsOf(args, "args of a [memory] event", failAt(offset)), failAt(offset));
    const events = devices.get(key);
    if (events === undefined) devices.set(key, [event]);
    else events.push(event);
  }
  const events = choose(devices, device, failAt(end));
  const log = new AllocationLog();
  // Events stand by thread, not by time.
  for (const { t, address, bytes } of events.sort((a, b) => a.t - b.t)) {
    // An allocation in a place that is taken: the free before it was not recorded.
    if (bytes < 0 || log.isLive(address)) log.free(t, address, Math.abs(bytes));
    if (bytes > 0) log.alloc(t, address, bytes);
  }
  return log.workload(titleOf(file), "us");
}

function fieldsOf(value: unknown, what: string, fail: Fail): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw fail(`${what} must be an object, but is ${show(value)}`);
}

function memoryEvent(ts: unknown, args: Readonly<Record<string, unknown>>, fail: Fail) {
  const most = Number.MAX_SAFE_INTEGER;
  if (typeof ts !== "number" || !(ts >= 0 && ts <= most)) throw fail(`ts of a [memory] event is ${show(ts)}`);
  const field = (name: string, least: number, limit: number) => whole(args[name], name, fail, least, limit);
  const bytes = field("Bytes", -MOST_BYTES, MOST_BYTES);
  if (bytes === 0) throw fail("Bytes of a [memory] event is 0");
  const key = `${field("Device Type", 0, 1000)}:${field("Device Id", -1, 1000)}`;
  return { key, event: { t: Math.floor(ts), address: field("Addr", 0, most), bytes } };
}

function choose(devices: ReadonlyMap<string, MemoryEvent[]>, asked: number | undefined, fail: Fail): MemoryEvent[] {
  if (devices.size === 0) throw fail("it has no [memory] event: record it with profile_memory=True");
  const others = [...devices.keys()].filter((key) => !key.startsWith(`${CPU}:`));
  const ids = others.map((key) => Number(key.split(":")[1]));
  if (asked !== undefined && !ids.includes(asked)) throw fail(`it has no device ${asked}`);
  if (asked === undefined && ids.length > 1) throw fail(`it has the devices ${ids.join(", ")}: choose one`);
  const key = asked === undefined ? others[0] ?? [...devices.keys()][0] : others[ids.indexOf(asked)];
  return devices.get(key as string) as MemoryEvent[];
}
