import { assertEquals } from "@std/assert";
import { type BufferObject, type MoveEvent, PAGE_SIZE } from "@ttm/core";
import { Counters } from "./counters.ts";

function move(from: string | null, to: string, more: Partial<MoveEvent> = {}): MoveEvent {
  return {
    buffer: { pages: 3 } as BufferObject,
    evict: false,
    dropped: false,
    from: from === null ? null : { memoryType: from, typeIndex: 0, start: 0 },
    to: { memoryType: to, typeIndex: 1, start: 0 },
    failure: null,
    fence: null,
    time: 0,
    forBuffer: null,
    operation: { name: "validate", forBuffer: null, ticket: null },
    eviction: null,
    ...more,
  };
}

function count(...events: MoveEvent[]): Record<string, number> {
  const counters = new Counters({ fast: "vram", copies: true });
  for (const event of events) counters.add(event);
  const { evictions, bytesIn, bytesOut, bytesCleared } = counters;
  return { evictions, bytesIn: bytesIn / PAGE_SIZE, bytesOut: bytesOut / PAGE_SIZE, cleared: bytesCleared / PAGE_SIZE };
}

Deno.test("Counters count copies into VRAM, copies out of it, and clears separately", () => {
  assertEquals(count(), { evictions: 0, bytesIn: 0, bytesOut: 0, cleared: 0 });
  assertEquals(count(move("gtt", "vram")), { evictions: 0, bytesIn: 3, bytesOut: 0, cleared: 0 });
  assertEquals(count(move("vram", "gtt")), { evictions: 0, bytesIn: 0, bytesOut: 3, cleared: 0 });
  assertEquals(count(move(null, "vram")), { evictions: 0, bytesIn: 0, bytesOut: 0, cleared: 3 });
  assertEquals(count(move("vram", "vram")), { evictions: 0, bytesIn: 3, bytesOut: 3, cleared: 0 });
});

Deno.test("Counters ignore moves that are not from or to VRAM", () => {
  const events = [
    move(null, "gtt"),
    move("gtt", "system", { evict: true }),
    move("system", "gtt"),
    move(null, "system"),
  ];
  assertEquals(count(...events), { evictions: 0, bytesIn: 0, bytesOut: 0, cleared: 0 });
});

Deno.test("Counters add up, and count evictions from VRAM", () => {
  const dropped = count(move("vram", "system", { evict: true, dropped: true }));
  assertEquals([dropped.evictions, dropped.bytesOut], [1, 0]);
  const evicted = move("vram", "gtt", { evict: true });
  const small = move("gtt", "vram", { buffer: { pages: 1 } as BufferObject });
  assertEquals(count(evicted, small, evicted, small), { evictions: 2, bytesIn: 2, bytesOut: 6, cleared: 0 });
});

Deno.test("Counters of a GPU that only binds count the bytes that are bound", () => {
  const counters = new Counters({ fast: "cma", copies: false });
  const events = [move(null, "cma"), move("cma", "iommu", { evict: true }), move("iommu", "system", { evict: true })];
  for (const event of [...events, move("system", "cma"), move("cma", "system")]) counters.add(event);
  const { evictions, bytesIn, bytesOut, bytesCleared, bytesBound } = counters;
  assertEquals([evictions, bytesIn, bytesOut, bytesCleared, bytesBound / PAGE_SIZE], [1, 0, 0, 0, 9]);
});

Deno.test("Counters ignore failed moves and hops", () => {
  const failed = [
    move("gtt", "vram", { failure: "EIO" }),
    move("vram", "system", { failure: "EMULTIHOP", evict: true }),
  ];
  assertEquals(count(...failed), { evictions: 0, bytesIn: 0, bytesOut: 0, cleared: 0 });
});

Deno.test("Counters.takeMoved() gives the successful moves since the last call, in order", () => {
  const counters = new Counters({ fast: "vram", copies: true });
  const events = [move(null, "gtt"), move("gtt", "vram"), move("vram", "gtt")];
  const kept = ({ buffer, fence }: MoveEvent) => ({ buffer, fence });
  counters.add(events[0] as MoveEvent);
  counters.add(move("gtt", "vram", { failure: "ENOMEM" }));
  counters.add(events[1] as MoveEvent);
  assertEquals(counters.takeMoved(), events.slice(0, 2).map(kept));
  assertEquals(counters.takeMoved(), []);
  counters.add(events[2] as MoveEvent);
  assertEquals(counters.takeMoved(), events.slice(2).map(kept));
});
