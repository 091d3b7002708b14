import { AllocationLog } from "./allocation_log.ts";
import type { Pieces } from "./bytes.ts";
import { readPickle } from "./pickle.ts";
import { PickleDict, type PickleValue } from "./pickle_values.ts";
import { Node } from "./snapshot_node.ts";
import { MOST_BYTES, show, titleOf } from "./values.ts";
import type { Workload } from "./workload.ts";

const WANTED: ReadonlySet<string> = new Set([
  ...["segments", "device_traces", "device", "total_size", "blocks", "address", "requested_size", "state"],
  ...["action", "addr", "size", "time_us"],
]);

/** Actions of the allocator that neither make nor free a buffer. */
const OTHER_ACTIONS: ReadonlySet<PickleValue> = new Set([
  ...["free_completed", "segment_alloc", "segment_free", "segment_map", "segment_unmap", "snapshot", "oom"],
]);

/** What a snapshot says beside its workload. */
export interface SnapshotFacts {
  /** Entries of the device's trace. */
  readonly entries: number;
  /** Segments that the allocator has reserved at the end, and their bytes. */
  readonly segments: number;
  /** The sum of the sizes of all segments, in bytes. */
  readonly segmentBytes: number;
}

/**
 * Reads a CUDA memory snapshot of PyTorch. A buffer is freed when its free is requested; those that were there before
 * the recording began appear as frees, or as active blocks at the end. The blocks decide what is live at the end.
 *
 * @param device Which device, if the snapshot has several.
 * @throws {WorkloadError} For a pickle that {@linkcode readPickle} refuses, that is no snapshot, or has several devices
 * where none is chosen.
 */
export async function readTorchSnapshot(
  file: string,
  pieces: Pieces,
  device?: number,
): Promise<{ readonly workload: Workload; readonly facts: SnapshotFacts }> {
  const snapshot = new Node(file, await readPickle(file, pieces, WANTED), { at: 0 }, "the snapshot").dict();
  const traces = [...snapshot.get("device_traces").items()];
  const segments = [...snapshot.get("segments").items()].map((segment) => segment.dict());
  const owners = segments.map((segment) => segment.get("device").whole(0));
  const chosen = choose(snapshot, device, traces.map((trace) => trace.list().length), owners);
  const entries = traces[chosen] ?? new Node(file, [], { at: 0 }, "the device's trace");
  const log = new AllocationLog();
  const seen = new Set<number>();
  // Without times the order of the entries is all there is.
  const timed = entries.list().every((entry) => entry instanceof PickleDict && entry["time_us"] !== undefined);
  let step = 0;
  for (const entry of entries.items()) {
    replayEntry(log, seen, entry, timed ? entry.get("time_us").whole(0) : step);
    step++;
  }
  const own = segments.filter((_segment, index) => owners[index] === chosen);
  settle(log, seen, own);
  const segmentBytes = own.reduce((sum, segment) => sum + segment.get("total_size").whole(0, MOST_BYTES), 0);
  const facts = { entries: step, segments: own.length, segmentBytes };
  return { workload: log.workload(titleOf(file), timed ? "us" : "seq"), facts };
}

function choose(snapshot: Node, asked: number | undefined, traces: readonly number[], owners: readonly number[]) {
  const present = new Set([...traces.keys()].filter((index) => traces[index] !== 0));
  for (const owner of owners) present.add(owner);
  if (asked === undefined && present.size > 1) {
    throw snapshot.fail(`it has the devices ${[...present].sort((a, b) => a - b).join(", ")}: choose one`);
  }
  if (asked !== undefined && !present.has(asked)) throw snapshot.fail(`it has no device ${asked}`);
  return asked ?? [...present][0] ?? 0;
}

function replayEntry(log: AllocationLog, seen: Set<number>, entry: Node, t: number): void {
  const action = entry.get("action");
  if (OTHER_ACTIONS.has(action.value)) return;
  if (action.value !== "alloc" && action.value !== "free_requested") {
    throw action.fail(`it is ${show(action.value)}, no known action`);
  }
  const address = entry.get("addr").whole(0);
  const bytes = entry.get("size").whole(1, MOST_BYTES);
  seen.add(address);
  // An allocation in a place that is taken: the free before it was not recorded.
  if (action.value === "free_requested" || log.isLive(address)) log.free(t, address, bytes);
  if (action.value === "alloc") log.alloc(t, address, bytes);
}

/** Makes the live buffers those of the active blocks. */
function settle(log: AllocationLog, seen: ReadonlySet<number>, segments: readonly Node[]): void {
  const active = new Map<number, number>();
  for (const segment of segments) {
    let next = segment.has("address") ? segment.get("address").whole(0) : undefined;
    for (const block of segment.get("blocks").items()) {
      // Snapshots of older versions have no address in blocks, which follow each other.
      const address = block.has("address") || next === undefined ? block.get("address").whole(0) : next;
      const size = block.get("size").whole(0, MOST_BYTES);
      next = address + size;
      if (block.get("state").value !== "active_allocated") continue;
      active.set(address, block.has("requested_size") ? block.get("requested_size").whole(1, MOST_BYTES) : size);
    }
  }
  const lost = segments.length === 0 ? [] : [...log.addresses()].filter((address) => !active.has(Number(address)));
  for (const address of lost) log.free(-Infinity, address, 1);
  for (const [address, bytes] of active) {
    if (log.isLive(address)) continue;
    if (seen.has(address)) log.alloc(-Infinity, address, bytes);
    else log.allocBefore(address, bytes);
  }
}
