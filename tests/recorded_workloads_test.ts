import { assert, assertEquals } from "@std/assert";
import { type MoveEvent, PAGE_SIZE } from "@ttm/core";
import { peakBytes, replay, type ReplayOptions, type Workload } from "@ttm/replay";
import { replayOnAll } from "../replay/matrix.ts";
import { Player } from "../replay/player.ts";
import { fragmentation, type UsedRange } from "../replay/vram_map.ts";
import { testUnless } from "./permissions.ts";
import { findRecordings, readRecording } from "./recordings.ts";

const BYTES_UP_TO = 256 * 2 ** 20;

const { names, obstacle } = findRecordings();

testUnless(obstacle, "the recorded workloads exist", () => assert(names.length > 0));

/** Replays with verify, and fails if anything is lost or finds no place. */
async function check(workload: Workload, options: ReplayOptions): Promise<void> {
  const { report } = await replay(workload, { ...options, verify: true });
  assertEquals(
    [report.losses.slice(0, 3), report.failureReasons, report.failures],
    [[], {}, 0],
    JSON.stringify(options),
  );
  assert(report.verified > report.jobs);
}

for (const name of names) {
  Deno.test(`recorded workload ${name} loses no contents at 25, 50 and 100 % VRAM`, async () => {
    const workload = await readRecording(name);
    const contents = peakBytes(workload) > BYTES_UP_TO ? "stamps" : "bytes";
    for (const vram of ["25%", "50%", "100%"]) await check(workload, { vram, contents });
  });
}

for (const name of names) {
  Deno.test(`recorded workload ${name} loses no contents on any driver with any manager, and has the same evictions on all drivers`, async () => {
    const reports = await replayOnAll(await readRecording(name), { vram: "50%", contents: "stamps" });
    for (const { device: { driver, manager }, ...report } of reports) {
      const pair = `${driver} × ${manager}`;
      assertEquals([report.losses.slice(0, 3), report.failureReasons, report.failures], [[], {}, 0], pair);
      assert(report.verified > report.jobs, pair);
      const first = reports.find(({ device }) => device.manager === manager);
      assertEquals([report.evictions, report.hits], [first?.evictions, first?.hits], pair);
    }
  });
}

testUnless(obstacle, "recorded workload igt-carchase loses no contents at 50 % VRAM with real bytes", async () => {
  await check(await readRecording("igt-carchase.jsonl.gz"), { vram: "50%", contents: "bytes" });
});

/** Watches why buffers are evicted: what the free pages of VRAM looked like before, and what was to go there. */
class Evictions {
  count = 0;
  readonly #vramPages: number;
  readonly #seen = new Set<MoveEvent["buffer"]>();
  #before: { free: number; largestHole: number } | null = null;

  constructor(vramPages: number) {
    this.#vramPages = vramPages;
  }

  /** Takes a move before it is carried out, and fails if evictions for it could have been avoided by moving others. */
  see({ buffer, evict, failure, from, to }: MoveEvent): void {
    if (failure !== null) return;
    if (evict && from?.memoryType === "vram") {
      this.count++;
      this.#before ??= this.#holes();
    } else if (!evict && to.memoryType === "vram") {
      const { free, largestHole } = this.#before ?? { free: Infinity, largestHole: 0 };
      assert(free >= buffer.pages, `${buffer} takes ${buffer.pages} pages, ${free} were free`);
      assert(largestHole < buffer.pages, `${buffer} takes ${buffer.pages} pages, ${largestHole} were free in one hole`);
      this.#before = null;
      this.#seen.add(buffer);
    }
  }

  #holes(): { free: number; largestHole: number } {
    const used: UsedRange[] = [];
    for (const { memoryType, start, pages } of this.#seen) {
      if (memoryType === "vram") used.push({ start: start ?? 0, pages });
    }
    used.sort((a, b) => a.start - b.start);
    const free = this.#vramPages - used.reduce((sum, { pages }) => sum + pages, 0);
    return { free, largestHole: Math.round(free * (1 - fragmentation(used, this.#vramPages))) };
  }
}

for (const name of names) {
  Deno.test(`recorded workload ${name} evicts at 100 % VRAM only because of fragmentation`, async () => {
    const workload = await readRecording(name);
    const vram = peakBytes(workload);
    const player = new Player(workload, { vram, gtt: vram, contents: "stamps" });
    const evictions = new Evictions(vram / PAGE_SIZE);
    const add = player.counters.add.bind(player.counters);
    player.counters.add = (event) => {
      evictions.see(event);
      add(event);
    };
    await player.play();
    assertEquals(evictions.count, player.counters.evictions);
    if (/^(igt-carchase|moe-switch-base-8|mooncake)/.test(name)) assertEquals(evictions.count, 0);
  });
}
