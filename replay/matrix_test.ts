import { assert, assertEquals, assertMatch } from "@std/assert";
import { drivers, managers } from "./parts.ts";
import { formatMatrix, pairs, replayOnAll } from "./matrix.ts";
import type { Report } from "./report.ts";
import { shortened } from "./shipped_testing.ts";
import type { Workload } from "@ttm/import";

/** Figures that are equal for every driver, since managers and eviction order are the same. */
function placesOf({ hits, fallbacks, evictions, fragmentation, vramPeakBytes }: Report) {
  return { hits, fallbacks, evictions, fragmentation, vramPeakBytes };
}

const small: Workload = {
  name: "small",
  time: "seq",
  events: [
    ...[1, 2, 3].map((id) => ({ op: "alloc", t: 0, id, bytes: 4096 } as const)),
    ...[1, 2, 3, 1].map((id) => ({ op: "job", t: 0, uses: [{ id, write: false }], durationUs: 1 } as const)),
  ],
};

Deno.test("pairs() has every driver with every manager", async () => {
  const names = Object.keys(drivers).flatMap((driver) =>
    Object.keys(managers).map((manager) => `${driver} ${manager}`)
  );
  assertEquals(pairs.map(({ driver, manager }) => `${driver} ${manager}`), names);
  assertEquals((await replayOnAll(small, {})).map(({ device }) => `${device.driver} ${device.manager}`), names);
});

for (const [name, workload] of Object.entries(shortened)) {
  Deno.test(`${name} loses no contents on any driver with any manager, and has the same evictions on all drivers`, async () => {
    const reports = await replayOnAll(workload, { contents: "stamps" });
    for (const report of reports) {
      const { driver, manager } = report.device;
      assertEquals([report.losses.slice(0, 3), report.failureReasons], [[], {}], `${driver} × ${manager}`);
      assert(report.verified > report.jobs && report.evictions > 0, `${driver} × ${manager}`);
      const first = reports.find(({ device }) => device.manager === manager);
      assertEquals(placesOf(report), placesOf(first as Report), `${driver} × ${manager}`);
    }
  });
}

Deno.test("replayOnAll() gives the same figures with real bytes", async () => {
  const [bytes, stamps] = await Promise.all((["bytes", "stamps"] as const).map(async (contents) => {
    const reports = await replayOnAll(small, { vram: "8192", contents });
    return reports.map((report) => ({ ...report, device: null }));
  }));
  assertEquals(bytes, stamps);
  assertEquals(bytes?.map(({ evictions, losses }) => [evictions, losses.length]), pairs.map(() => [2, 0]));
});

Deno.test("formatMatrix() writes a line a workload and a column a pair, and shows what was lost or failed", async () => {
  const reports = await replayOnAll(small, { vram: "8192" });
  const [radeon, cma] = [reports[0] as Report, reports.at(-1) as Report];
  const lost = { ...radeon, failures: 3, losses: [{ buffer: "buffer 0", page: 0, memoryType: "vram" }] };
  const lines = formatMatrix([reports, [lost, ...reports.slice(1)]]).split("\n");
  assertMatch(lines[0] ?? "", /^ +radeon-sim +cma-sim$/);
  assertMatch(lines[1] ?? "", /^workload +range .* buddy$/);
  assertEquals(lines[0]?.indexOf("cma-sim"), lines[1]?.lastIndexOf("range  "), "each over its first manager");
  const cells = lines[2]?.split(/ {2,}/);
  assertEquals([cells?.[0], cells?.[1], cells?.at(-1)], ["small", "2 / 12.0 KiB", "2 / 24.0 KiB"]);
  assertEquals([radeon.bytesIn + radeon.bytesOut, cma.bytesBound], [3 * 4096, 6 * 4096]);
  assertEquals(lines[3]?.split(/ {2,}/)[1], "2 / 12.0 KiB, 3 failed, 1 LOST");
  assertMatch(lines.at(-1) ?? "", /^\d+ comparisons of contents, 1 lost\.$/);
});
