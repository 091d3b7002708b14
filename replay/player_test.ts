import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Driver, PAGE_SIZE, TtmError } from "@ttm/core";
import { Player, type PlayOptions } from "./player.ts";
import { hasJobs, type JobEvent, type Workload, type WorkloadEvent } from "@ttm/import";

/** Plays events on a GPU with the given pages of VRAM and GTT, and checks that no contents are lost. */
async function play(
  vram: number,
  gtt: number,
  events: readonly WorkloadEvent[],
  options: Partial<PlayOptions> = {},
): Promise<Player> {
  const sizes = { vram: vram * PAGE_SIZE, gtt: gtt * PAGE_SIZE };
  const player = new Player({ name: "test", time: "seq", events }, {
    ...sizes,
    contents: "stamps",
    verify: true,
    ...options,
  });
  await player.play();
  assertEquals(player.verifier.losses.slice(0, 3), []);
  return player;
}

const alloc = (id: number, pages = 1): WorkloadEvent => ({ op: "alloc", t: 0, id, bytes: pages * PAGE_SIZE });
const free = (id: number): WorkloadEvent => ({ op: "free", t: 0, id });
/** A job of 1 ms. */
const job = (...ids: number[]): WorkloadEvent => ({
  op: "job",
  t: 0,
  uses: ids.map((id) => ({ id, write: false })),
  durationUs: 1000,
});

/** The figures that depend only on placement; bytes in pages. */
function figures({ hits, fallbacks, counters, failures }: Player): Record<string, number> {
  return {
    hits,
    fallbacks,
    evictions: counters.evictions,
    in: counters.bytesIn / PAGE_SIZE,
    out: counters.bytesOut / PAGE_SIZE,
    cleared: counters.bytesCleared / PAGE_SIZE,
    failures: [...failures.values()].reduce((sum, count) => sum + count, 0),
  };
}

/** A driver that moves at once, after all work, and has no contents. */
function card(pages: number, move: () => void): Driver {
  return {
    name: "card",
    memoryTypes: [{ name: "system" }, { name: "vram", pages, fixed: true }],
    supports: { contents: false },
    evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
    move,
  };
}

const NONE = { hits: 0, fallbacks: 0, evictions: 0, in: 0, out: 0, cleared: 0, failures: 0 };

Deno.test("Player gives a buffer its place at its first use, and counts a hit for each later one", async () => {
  assertEquals(figures(await play(4, 4, [alloc(1, 2), alloc(2)])), { ...NONE, cleared: 3 }, "at once without jobs");
  assertEquals(figures(await play(4, 4, [alloc(1, 2), alloc(2), job(2)])), { ...NONE, cleared: 1 });
  const player = await play(4, 4, [alloc(1, 2), job(1), job(1), alloc(2), job(1, 2), free(1)]);
  assertEquals(figures(player), { ...NONE, hits: 2, cleared: 3 });
  assertEquals([player.jobs, player.events], [3, 2 + 4 + 1]);
});

Deno.test("Player writes a buffer at its first use, and later when a job writes it", async () => {
  const write = (id: number): WorkloadEvent => ({ op: "job", t: 0, uses: [{ id, write: true }], durationUs: 1 });
  const { composition: { device, gpu } } = await play(4, 4, [alloc(1), alloc(2), job(1), job(1), job(2), write(2)]);
  const stamps = device.lru("vram").flat().map((buffer) =>
    [0, 1, 2, 3, 4].filter((stamp) => gpu.contentsOf(buffer)?.firstMismatch(stamp) === -1)
  );
  assertEquals(stamps, [[1], [4]], "the numbers of the submissions");
});

Deno.test("Player evicts the buffer that was used longest ago, and brings it back when it is used", async () => {
  const start = [alloc(1, 2), alloc(2, 2), alloc(3, 2), job(1), job(2), job(1), job(3)];
  assertEquals(figures(await play(4, 8, start)), { ...NONE, hits: 1, evictions: 1, out: 2, cleared: 6 });
  const evicted = await play(4, 8, [...start, job(1)]);
  assertEquals(evicted.hits, 2, "buffer 1 was still there");
  const back = await play(4, 8, [...start, job(2)]);
  assertEquals(figures(back), { ...NONE, hits: 1, evictions: 2, in: 2, out: 4, cleared: 6 });
});

Deno.test("Player frees buffers, which makes room", async () => {
  const events = [alloc(1, 4), job(1), free(1), alloc(2, 4), job(2), free(2)];
  assertEquals(figures(await play(4, 1, events)), { ...NONE, cleared: 8 });
});

Deno.test("Player waits for the work on a buffer before it frees it", async () => {
  const events = [alloc(1), job(1), free(1), alloc(2), job(2)];
  const player = await play(4, 4, events);
  assertEquals([player.waits, player.samples.peakBytes], [1, PAGE_SIZE], "never two buffers at a time");
});

Deno.test("Player places the rest of a job larger than VRAM in GTT, and evicts no buffer of the job", async () => {
  const allocs = [1, 2, 3].map((id) => alloc(id));
  assertEquals(figures(await play(2, 4, [...allocs, job(1, 2, 3)])), { ...NONE, fallbacks: 1, cleared: 2 });
  const twice = await play(2, 4, [...allocs, job(1, 2, 3), job(3, 2, 1)]);
  assertEquals(figures(twice), { ...NONE, hits: 2, fallbacks: 2, cleared: 2 });
  const later = await play(2, 4, [...allocs, job(1, 2, 3), job(3)]);
  assertEquals(figures(later), { ...NONE, fallbacks: 1, evictions: 1, in: 1, out: 1, cleared: 2 });
});

Deno.test("Player counts the same hits, evictions, fallbacks and failures on cma-sim as on a GPU with VRAM", async () => {
  const allocs = [1, 2, 3, 4].map((id) => alloc(id));
  const events = [...allocs, job(1, 2, 3), job(3), job(4), job(1, 2, 3, 4), job(1)];
  const [radeon, cma] = await Promise.all(
    ["radeon-sim", "cma-sim"].map(async (driver) => figures(await play(2, 4, events, { driver }))),
  );
  assertEquals<unknown>(cma, { ...radeon, in: 0, out: 0, cleared: 0 });
  assert((cma?.fallbacks ?? 0) > 1 && (cma?.evictions ?? 0) > 1);
  const crowd = [...allocs, job(1, 2, 3, 4)];
  assertEquals(figures(await play(1, 1, crowd, { driver: "cma-sim" })), { ...NONE, failures: 1 });
});

Deno.test("Player evicts nothing for a buffer that is larger than VRAM, and places it in GTT", async () => {
  const events = [alloc(1), alloc(2), alloc(3, 5), job(1), job(2), job(3)];
  assertEquals(figures(await play(4, 8, events)), { ...NONE, fallbacks: 1, cleared: 2 });
});

Deno.test("Player moves an evicted buffer that never fits into VRAM back to GTT", async () => {
  const events = [alloc(1, 3), alloc(2, 3), job(1), job(2), job(1), job(2)];
  const player = await play(2, 4, events);
  assertEquals([figures(player).fallbacks, figures(player).failures], [4, 0]);
});

Deno.test("Player counts jobs that do not fit into VRAM and GTT together, by reason, and moves nothing for them", async () => {
  const events = [...[1, 2, 3, 4].map((id) => alloc(id)), job(4), job(1, 2, 3), job(3, 2, 1), job(4)];
  const player = await play(1, 1, events);
  assertEquals(figures(player), { ...NONE, hits: 1, cleared: 1, failures: 2 });
  assertEquals([...player.failures], [["gtt: never fits, vram: never fits", 2]]);
  assertEquals(player.jobs, 4);
});

Deno.test("Player lets the CPU be two jobs ahead of the GPU", async () => {
  for (const [jobs, waits] of [[1, 0], [2, 0], [3, 1], [6, 4]] as const) {
    const player = await play(4, 4, [alloc(1), ...Array.from({ length: jobs }, () => job(1))]);
    assertEquals(player.waits, waits, `${jobs} jobs`);
  }
});

Deno.test("Player follows the times of a workload that has them, from its first event", async () => {
  const at = (t: number, event: WorkloadEvent) => ({ ...event, t });
  const events = [at(1000, alloc(1)), at(5000, job(1)), at(9000, job(1))];
  const clear = 0.01 + PAGE_SIZE / 12e6;
  const { composition: { clock } } = await play(4, 4, events);
  assert(Math.abs(clock.now() - (clear + 2)) < 1e-9, `${clock.now()} ms without time`);
  const timed = new Player({ name: "test", time: "us", events }, { vram: 8192, gtt: 8192, contents: "bytes" });
  await timed.play();
  assertEquals(timed.composition.clock.now(), 9);
});

Deno.test("Player reports its progress, and 1 at the end", async () => {
  const told: number[] = [];
  await play(4, 4, Array.from({ length: 200 }, (_, id) => alloc(id)), { onProgress: (done) => told.push(done) });
  assertEquals(told, [0, 64, 128, 192, 200]);
});

/** The expected figures without fragmentation: strict LRU, with GTT as fallback. For buffers of one size. */
function predict({ events }: Workload, capacity: number, pages: number): Record<string, number> {
  const vram: number[] = [];
  const elsewhere = new Set<number>();
  const seen = { ...NONE };
  const submit = (ids: readonly number[]) => {
    for (const id of ids) {
      if (vram.includes(id)) seen.hits++;
      else {
        const victim = vram.length < capacity ? undefined : vram.find((other) => !ids.includes(other));
        if (victim !== undefined) {
          vram.splice(vram.indexOf(victim), 1);
          elsewhere.add(victim);
          seen.evictions++;
          seen.out += pages;
        }
        if (vram.length >= capacity) {
          elsewhere.add(id);
          seen.fallbacks++;
        } else {
          vram.push(id);
          seen[elsewhere.delete(id) ? "in" : "cleared"] += pages;
        }
      }
    }
    for (const id of ids) if (vram.includes(id)) vram.push(...vram.splice(vram.indexOf(id), 1));
  };
  const forget = (id: number) => vram.includes(id) ? vram.splice(vram.indexOf(id), 1) : elsewhere.delete(id);
  for (const event of events) {
    if (event.op === "job") submit(event.uses.map(({ id }) => id));
    else if (event.op === "free") forget(event.id);
    else if (!hasJobs({ events } as Workload)) submit([event.id]);
  }
  return seen;
}

/** A random workload of buffers of `pages` pages each. */
function equalSizes(pages: number, steps: readonly { kind: number; picks: readonly number[] }[]): Workload {
  const live: number[] = [];
  const events: WorkloadEvent[] = [];
  for (const [at, { kind, picks: [first = 0, ...rest] }] of steps.entries()) {
    if (live.length === 0 || kind < 3) {
      live.push(at);
      events.push({ op: "alloc", t: at, id: at, bytes: pages * PAGE_SIZE - first });
    } else if (kind < 4) events.push({ op: "free", t: at, id: live.splice(first % live.length, 1)[0] ?? 0 });
    else {
      const ids = new Set([first, ...rest].map((pick) => live[pick % live.length] ?? 0));
      events.push({ op: "job", t: at, uses: [...ids].map((id) => ({ id, write: id % 2 === 0 })), durationUs: first });
    }
  }
  return { name: "equal", time: "seq", events };
}

Deno.test("Player counts the same hits, evictions and fallbacks as a strict LRU without fragmentation", () => {
  const step = fc.record({
    kind: fc.nat(12),
    picks: fc.array(fc.nat(PAGE_SIZE - 1), { minLength: 1, maxLength: 5 }),
  });
  const sizes = { pages: fc.integer({ min: 1, max: 3 }), capacity: fc.nat(5), rest: fc.nat(2) };
  const steps = fc.array(step, { maxLength: 80, size: "max" });
  return fc.assert(
    fc.asyncProperty(fc.record({ ...sizes, steps }), async ({ pages, capacity, rest, steps }) => {
      const workload = equalSizes(pages, steps);
      const vram = Math.max(1, capacity * pages + Math.min(rest, pages - 1));
      const player = await play(vram, 1000, workload.events);
      assertEquals(figures(player), predict(workload, Math.floor(vram / pages), pages));
    }),
    { numRuns: 200 },
  );
});

Deno.test("Player counts failures of the same reason together, without the buffers' names", async () => {
  const named = (id: number): WorkloadEvent => ({ op: "alloc", t: 0, id, bytes: PAGE_SIZE, tag: `a: ${id}` });
  const driver = card(2, () => {
    throw new TtmError("EIO", "the bus is stuck");
  });
  const events = [named(1), named(2), named(3), job(1), job(2), job(1, 2, 3), job(3, 1)];
  const { failures } = await play(1, 1, events, { driver });
  assertEquals([...failures], [["the bus is stuck", 3], ["vram: never fits", 1]]);
});

Deno.test("Player waits for work that takes longer than a submission waits", async () => {
  const long = (id: number): WorkloadEvent => ({ ...job(id) as JobEvent, durationUs: 40e6 });
  const player = await play(1, 1, [alloc(1), alloc(2), long(1), long(2), long(1)], { driver: card(1, () => {}) });
  assertEquals([figures(player).failures, figures(player).evictions], [0, 2]);
  assertEquals(player.composition.clock.now(), 120_000);
});

Deno.test("Player draws the VRAM map also for a few submissions", async () => {
  const events = [
    { op: "alloc", t: 0, id: 1, bytes: PAGE_SIZE },
    { op: "job", t: 0, uses: [{ id: 1, write: true }], durationUs: 1 },
  ] as const;
  assertEquals((await play(4, 4, events)).samples.fullest, [{ start: 0, pages: 1 }]);
});
