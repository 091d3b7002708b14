import type { DeviceRecord, EvictionCause, MoveEvent, RecordEvent, RecordHeader } from "@ttm/explain";

/** For tests: the header of a device with 16 pages of VRAM and 32 of GTT. */
export const HEADER: RecordHeader = {
  format: "ttm-record",
  version: 1,
  run: "demo, lru",
  pageSize: 4096,
  driver: "radeon-sim",
  policy: "lru",
  memoryTypes: [
    { name: "system", pages: null, manager: null },
    { name: "vram", pages: 16, manager: "range" },
    { name: "gtt", pages: 32, manager: "range" },
  ],
  lost: 0,
};

/** For tests: the creation of a buffer. */
export function create(time: number, buffer: number, pages: number, label = ""): RecordEvent {
  return { kind: "create", time, buffer, label, tag: "", client: "", size: pages * 4096 - 1, pages };
}

/** For tests: a move of a buffer; places are `"vram 4"`. */
export function move(
  time: number,
  buffer: number,
  from: string | null,
  to: string,
  more: Partial<MoveEvent> = {},
): RecordEvent {
  const place = (text: string) => {
    const [memoryType = "", start] = text.split(" ");
    return { memoryType, start: Number(start ?? 0) };
  };
  return {
    ...{ kind: "move", time, buffer, from: from === null ? null : place(from), to: place(to), dropped: false },
    ...{ failure: null, end: time, operation: 0, eviction: null, ...more },
  };
}

/** For tests: the cause of an eviction that makes room for a buffer. */
export function cause(forBuffer: number, pages: number): EvictionCause {
  return { forBuffer, pages, place: { memoryType: "vram", fpfn: 0, lpfn: 0 }, position: 0, passedOver: [] };
}

/** For tests: a record of everything that can happen, with work of several operations at a time. */
export function demoRecord(): DeviceRecord {
  const events: RecordEvent[] = [
    create(1, 0, 8, "weights"),
    create(1, 1, 8),
    create(1, 2, 12, "cache"),
    { kind: "operation", time: 2, operation: 1, name: "submit", buffer: null, submission: 7 },
    move(2, 0, null, "vram 0", { operation: 1, end: 3 }),
    move(2, 1, null, "vram 8", { operation: 1, end: 5 }),
    { kind: "use", time: 2, buffer: 0 },
    { kind: "operation", time: 4, operation: 2, name: "validate", buffer: 2, submission: null },
    { kind: "wait", time: 4, operation: 2, what: "fence", buffer: 1, end: 5 },
    { kind: "operation", time: 4.5, operation: 3, name: "read", buffer: 0, submission: null },
    move(5, 0, "vram 0", "gtt 0", { operation: 2, end: 7, eviction: cause(2, 12) }),
    move(5, 1, "vram 8", "gtt 8", { operation: 2, end: 9, eviction: cause(2, 12) }),
    move(5, 2, null, "vram 0", { operation: 2, end: 10 }),
    { kind: "failure", time: 6, operation: 3, buffer: 0, code: "ENOMEM", message: "Cannot read: no room" },
    move(11, 1, "gtt 8", "vram 12", { operation: 3, end: 11, failure: "EIO" }),
    move(12, 0, "gtt 0", "system"),
    { kind: "swap-out", time: 13, buffer: 0 },
    { kind: "free", time: 14, buffer: 2 },
    { kind: "purge", time: 14, buffer: 2 },
    { kind: "wait", time: 14, operation: 3, what: "room", buffer: null, end: null },
    { kind: "destroy", time: 15, buffer: 2 },
    move(16, 1, "gtt 8", "vram 4", { end: null }),
  ];
  return { header: HEADER, events };
}
