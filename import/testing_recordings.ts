import { boTraceLines } from "./bo_trace_write.ts";
import { pickle, type Pickled } from "./testing_pickle.ts";
import { compress, rmv, type RmvToken } from "./testing_rmv.ts";
import type { Workload } from "./workload.ts";

const FRAMES: readonly Pickled[] = [{ name: "forward", filename: "/model.py", line: 54 }];

/** For tests: an entry of a snapshot's trace. */
export function entry(action: string, addr: number, size: number, time: number): Pickled {
  return { action, addr, size, stream: 0, time_us: time, compile_context: "N/A", frames: FRAMES };
}

/** For tests: a segment with blocks of `[size, requested size, state]` in order. */
export function segment(address: number, blocks: readonly (readonly [number, number, string])[], device = 0): Pickled {
  let next = address;
  const list = blocks.map(([size, requested, state]) => {
    const block = { address: next, size, requested_size: requested, state, frames: FRAMES };
    next += size;
    return block;
  });
  return { device, address, total_size: next - address, stream: 0, segment_type: "large", blocks: list, frames: [] };
}

const BASE = 0x7f00_0000_0000;

/** For tests: a snapshot with a buffer from before, one that stays, and one that comes and goes. */
export const SNAPSHOT: Pickled = {
  segments: [segment(BASE, [[4096, 4000, "active_allocated"], [8192, 8000, "active_allocated"], [512, 0, "inactive"]])],
  device_traces: [[
    entry("segment_alloc", BASE, 12_800, 1000),
    entry("alloc", BASE + 4096, 8000, 1010),
    entry("alloc", BASE + 12_288, 300, 1020),
    entry("free_requested", BASE + 12_288, 300, 1030),
    entry("free_completed", BASE + 12_288, 300, 1031),
  ]],
  allocator_settings: { expandable_segments: false, garbage_collection_threshold: 0.5 },
  external_annotations: [],
};

/** For tests: what {@linkcode SNAPSHOT} holds. */
export const SNAPSHOT_EVENTS: Workload["events"] = [
  { op: "alloc", t: 0, id: 3, bytes: 4000 },
  { op: "alloc", t: 0, id: 1, bytes: 8000 },
  { op: "alloc", t: 10, id: 2, bytes: 300 },
  { op: "free", t: 20, id: 2 },
];

const WSIM = `# two sets
w.1.2n4096/1n8k,w.2.1m-3m
1.RCS.500-1500.r1-0-1/w2-0.0
d.100
2.BCS.20.w1-2/r1-2/f-1/-1.1
f,a.-1,s.-2,P.1.5
1.VCS1.*.r2-0.0
p.250
T.-2
`;

const RMM = `Thread,Time,Action,Pointer,Size,Stream
7,23:59:59.999990,allocate,0x7f0000000000,4096,0x0
8,23:59:59:999995,allocate failure,(nil),99999999,0x0
7,00:00:00.000005,allocate,0x7f0000001000,1,0x2
7,00:00:00.000006,free,0x7f0000000000,4096,0x0
7,00:00:00.000007,free,0x7f0000ff0000,64,0x0
`;

const FTRACE = `# tracer: nop
#
            game-812     [003] .....  100.000010: amdgpu_bo_create: bo=00000000aaaa0001, pages=2, type=2, preferred=4, allowed=6, visible=0
            game-812     ( 812) [003] d..1.  100.000020: amdgpu_bo_list_set: list=00000000cccc0001, bo=00000000aaaa0001, bo_size=8192
            game-812     [003] 100.000021: amdgpu_bo_list_set: list=00000000cccc0001, bo=0xaaaa0002, bo_size=100
            game-812     [003] 100.000030: amdgpu_cs_ioctl: sched_job=5, timeline=gfx_0.0.0, context=9, seqno=4, ring_name=gfx_0.0.0, num_ibs=1
           gfx_0-77      [001] 100.000040: amdgpu_sched_run_job: sched_job=5, timeline=gfx_0.0.0, context=9, seqno=4, ring_name=gfx, num_ibs=1
          <idle>-0       [001] 100.000090: dma_fence_signaled: driver=drm_sched timeline=gfx_0.0.0 context=9 seqno=4
            game-812     [003] 100.000100: amdgpu_bo_create: bo=00000000aaaa0001, pages=1, type=2, preferred=4, allowed=6, visible=0
`;

/** For tests: a `[memory]` event of a Chrome trace. */
export function memory(ts: number, address: number, bytes: number, device: readonly [number, number] = [1, 0]): object {
  const [type, id] = device;
  return { ph: "i", name: "[memory]", ts, args: { "Device Type": type, "Device Id": id, Addr: address, Bytes: bytes } };
}

const CHROME = JSON.stringify({
  schemaVersion: 1,
  deviceProperties: [{ id: 0, name: 'a "GPU" \\' }],
  traceEvents: [
    { ph: "X", name: "aten::empty", ts: 1, dur: 5, args: { deep: [[["]}", { a: {} }]]] } },
    memory(1000.75, 4096, 100),
    memory(999.25, 8192, -50),
    memory(1003.5, 4096, -100),
    memory(1001, 1, 7, [0, -1]),
  ],
  traceName: "trace.json",
});

const BO_TRACE = [...boTraceLines({
  name: "demo",
  time: "us",
  events: [
    { op: "alloc", t: 0, id: 1, bytes: 5000, tag: "weights" },
    { op: "alloc", t: 2, id: 2, bytes: 1 },
    { op: "job", t: 4, uses: [{ id: 1, write: true }, { id: 2, write: false }], durationUs: 250, context: 2 },
    { op: "free", t: 12, id: 1 },
  ],
})].map((line) => `${line}\n`).join("");

/** For tests: two allocations with a resource each; one of them comes and goes. */
export const RMV_TOKENS: readonly RmvToken[] = [
  { kind: "allocate", address: 0x10_0000, pages: 4, heap: 0 },
  { kind: "create", resource: 7, type: 11 },
  { kind: "bind", resource: 7, address: 0x10_0000, bytes: 4096 },
  { kind: "userdata", payload: [1, 2, 3, 4, 5] },
  { kind: "delta", ticks: 3200 },
  { kind: "allocate", address: 0x80_0000, pages: 1, heap: 2 },
  { kind: "create", resource: 8, type: 0 },
  { kind: "bind", resource: 8, address: 0x80_0800, bytes: 2048 },
  { kind: "delta", ticks: 320_000 },
  { kind: "destroy", resource: 8 },
  { kind: "free", address: 0x80_0000 },
];

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** For tests: one small recording of each format, made here. */
export const RECORDINGS: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "snapshot.pickle": pickle(SNAPSHOT, 4),
  "snapshot-2.pickle": pickle(SNAPSHOT, 2),
  "demo.wsim": bytes(WSIM),
  "rmm.csv": bytes(RMM),
  "ftrace.txt": bytes(FTRACE),
  "chrome.json": bytes(CHROME),
  "demo.jsonl": bytes(BO_TRACE),
  "demo.rmv": rmv([RMV_TOKENS]),
  "zstd.rmv": rmv([RMV_TOKENS], compress),
};
