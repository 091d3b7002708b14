import { assertEquals } from "@std/assert";
import { importRecording, type Workload } from "@ttm/import";
import { replay } from "@ttm/replay";
import { missing, type Obstacle, testUnless } from "./permissions.ts";
import { findRecordings, readRecording } from "./recordings.ts";

/** Recordings of other tools, which do not come with the project. */
const FOLDER = new URL("../../shared/samples/", import.meta.url);

function obstacleTo(name: string): Obstacle {
  const permission = missing("read");
  if (permission !== undefined) return permission;
  try {
    Deno.statSync(new URL(name, FOLDER));
    return undefined;
  } catch {
    return "the recordings of other tools are not here";
  }
}

async function read(name: string) {
  const file = await Deno.open(new URL(name, FOLDER));
  return await importRecording(name, file.readable);
}

function summary({ events }: Workload) {
  const live = new Map<number, number>();
  const counts = { alloc: 0, free: 0, job: 0, uses: 0 };
  for (const event of events) {
    counts[event.op]++;
    if (event.op === "alloc") live.set(event.id, event.bytes);
    else if (event.op === "free") live.delete(event.id);
    else counts.uses += event.uses.length;
  }
  const allocs = events.flatMap((event) => event.op === "alloc" ? [event.bytes] : []);
  return {
    ...counts,
    bytes: allocs.reduce((sum, bytes) => sum + bytes, 0),
    live: live.size,
    liveBytes: [...live.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}

for (
  const [name, facts, allocs, frees, live, liveBytes] of [
    [
      "torch-medium-128-inference.pickle.gz",
      { entries: 3840, segments: 98, segmentBytes: 1_763_704_832 },
      ...[1280, 1280, 223, 1_701_310_464],
    ],
    [
      "torch-medium-256-training.protocol2.pickle.gz",
      { entries: 19_430, segments: 495, segmentBytes: 9_265_217_536 },
      ...[6624, 6403, 885, 6_829_096_964],
    ],
  ] as const
) {
  testUnless(obstacleTo(name), `recording ${name} is read to the byte`, async () => {
    const recording = await read(name);
    assertEquals([recording.format, recording.uses], ["PyTorch snapshot", "lifetimes"]);
    assertEquals(recording.facts, facts);
    const found = summary(recording.workload);
    assertEquals([found.free, found.live, found.liveBytes], [frees, live, liveBytes]);
    // What was there before the recording has no entry, and is live at the end or freed without an allocation.
    assertEquals(found.alloc - found.live, frees);
    const before = recording.workload.events.findIndex((event) => event.op === "free");
    assertEquals(found.alloc >= allocs && before > 0, true);
  });
}

const RMV = "sample_trace.rmv";
testUnless(obstacleTo(RMV), `recording ${RMV} adds up`, async () => {
  const { format, facts, workload } = await read(RMV);
  assertEquals(format, "Radeon Memory Visualizer");
  // A Radeon RX 6600 has 8 GB, of which the CPU sees 256 MiB.
  const { localBytes, invisibleBytes, allocations, resources, binds } = facts;
  assertEquals([localBytes, invisibleBytes], [256 * 2 ** 20, 8_304_721_920]);
  assertEquals([allocations, resources, binds], [489, 1216, 1188]);
  const { alloc, free, live, liveBytes } = summary(workload);
  assertEquals([alloc, free, live, liveBytes], [489, 468, 21, 5_189_632]);
});

const WSIM = "carchasepart.wsim";
testUnless(obstacleTo(WSIM), `recording ${WSIM} is read to the byte`, async () => {
  const { format, workload } = await read(WSIM);
  assertEquals(format, "gem_wsim workload");
  const { alloc, job, uses, bytes } = summary(workload);
  assertEquals([alloc, job, uses, Math.round(bytes / 2 ** 20)], [842, 101, 3984, 743]);
});

testUnless(
  obstacleTo(WSIM) ?? findRecordings().obstacle,
  `recording ${WSIM} has the same figures in a replay as its bo-trace`,
  async () => {
    const { workload } = await read(WSIM);
    const known = await readRecording("igt-carchase.jsonl.gz");
    for (const vram of ["25%", "50%", "100%"]) {
      const { workload: _name, ...report } = (await replay(workload, { vram })).report;
      const { workload: _known, ...expected } = (await replay(known, { vram })).report;
      assertEquals(report, expected);
    }
  },
);
