import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BoDevice, PAGE_SIZE, SimulatedClock, TtmError } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { type GpuJob, RadeonSim } from "./mod.ts";
import { bench, SLOW } from "./testing_bench.ts";

for (const contents of ["bytes", "stamps"] as const) {
  Deno.test(`RadeonSim keeps ${contents} from VRAM over GTT and SYSTEM back to VRAM`, async () => {
    await bench({ contents }, ({ clock, make, bring, fill, holds }) => {
      const buffer = make(3, "vram");
      fill(buffer, 7);
      for (const memoryType of ["gtt", "system", "vram", "system", "gtt", "vram"]) {
        bring(buffer, memoryType);
        clock.runUntilIdle();
        assertEquals([buffer.memoryType, holds(buffer, 7)], [memoryType, true]);
      }
    });
  });

  Deno.test(`RadeonSim with ${contents} clears new buffers, also in ranges of freed ones`, async () => {
    await bench({ contents }, ({ gpu, clock, make, fill, holds }) => {
      for (const memoryType of ["vram", "gtt"]) {
        const old = make(4, memoryType);
        fill(old, 5);
        clock.runUntilIdle();
        const { start } = old;
        old.unreserve();
        old.unref();
        const fresh = make(4, memoryType);
        clock.runUntilIdle();
        assertEquals([fresh.start, holds(fresh, 0)], [start, true], memoryType);
      }
      assertEquals(gpu.contentsOf(make(1)), null, "no memory yet");
    });
  });

  Deno.test(`RadeonSim with ${contents} reuses a range without mixing its old and new contents`, async () => {
    await bench({ ...SLOW, contents }, ({ clock, make, bring, fill, holds }) => {
      const [a, b] = [make(8, "vram"), make(8)];
      a.unreserve();
      for (let turn = 1; turn <= 6; turn++) {
        const [comes, goes] = turn % 2 === 1 ? [b, a] : [a, b];
        if (turn > 1) comes.tryReserve();
        bring(comes, "vram");
        assertEquals([comes.start, goes.memoryType], [0, "gtt"]);
        fill(comes, turn);
        comes.unreserve();
      }
      assertEquals(clock.now(), 0, "nothing has waited: copies, clears and jobs pile up on one range");
      clock.runUntilIdle();
      assertEquals([holds(b, 5), holds(a, 6)], [true, true]);
    });
  });
}

Deno.test("RadeonSim moves between VRAM and SYSTEM only through GTT", async () => {
  await bench({}, ({ clock, moves, make, bring }) => {
    const buffer = make(2, "vram");
    clock.runUntilIdle();
    for (const memoryType of ["system", "vram"]) bring(buffer, memoryType);
    assertEquals(moves, [
      "undefined>vram ok",
      "vram>system EMULTIHOP",
      "vram>gtt ok",
      "gtt>system ok",
      "system>vram EMULTIHOP",
      "system>gtt ok",
      "gtt>vram ok",
    ]);
  });
});

Deno.test("RadeonSim takes latency and bytes / bandwidth for a copy, one copy after another", async () => {
  await bench({ copyLatencyMs: 0.5, copyBytesPerMs: 2 * PAGE_SIZE }, ({ gpu, clock, make, bring }) => {
    const [a, b] = [make(4, "gtt"), make(1, "gtt")];
    assertEquals([a.busy, b.busy], [false, false], "GTT needs no copy");
    bring(a, "vram");
    bring(b, "vram");
    clock.runUntil(() => !a.busy);
    assertEquals(clock.now(), 2.5);
    clock.runUntil(() => !b.busy);
    assertEquals(clock.now(), 3.5);
    assertEquals(gpu.copyStats, { tasks: 2, busyMs: 3.5, stalls: 0, stalledMs: 0 });
  });
});

Deno.test("RadeonSim starts a job after the copies of its buffers", async () => {
  await bench(SLOW, ({ gpu, clock, make, bring, fill }) => {
    const buffer = make(4, "gtt");
    fill(buffer, 5);
    clock.runUntilIdle();
    bring(buffer, "vram");
    let seen: number | undefined;
    gpu.submit({
      buffers: [{ buffer, write: false }],
      durationMs: 2,
      program: ([all]) => seen = all?.firstMismatch(5),
    });
    clock.runUntilIdle();
    assertEquals([seen, clock.now()], [-1, 1 + 4 + 2]);
    assertEquals(gpu.graphicsStats, { tasks: 2, busyMs: 3, stalls: 1, stalledMs: 4 });
  });
});

Deno.test("RadeonSim copies an evicted buffer after the job on it, and fills its range after that", async () => {
  for (const write of [true, false]) {
    await bench(SLOW, ({ gpu, clock, make, fill, holds }) => {
      const old = make(8, "vram");
      fill(old, 1);
      clock.runUntilIdle();
      let seen: number | undefined;
      const job = gpu.submit({
        buffers: [{ buffer: old, write }],
        durationMs: 100,
        program([contents]) {
          seen = contents?.firstMismatch(1);
          if (write) contents?.fill(2);
        },
      });
      old.unreserve();
      const successor = make(8, "vram");
      fill(successor, 3);
      assertEquals([old.memoryType, successor.start, job.signalled], ["gtt", 0, false]);
      clock.runUntilIdle();
      assertEquals([seen, holds(old, write ? 2 : 1), holds(successor, 3)], [-1, true, true]);
    });
  }
});

Deno.test("RadeonSim gives a job its buffers in order, at their places of the submission", async () => {
  await bench({}, ({ gpu, clock, make, holds }) => {
    const [a, b] = [make(1, "gtt"), make(2, "vram")];
    gpu.submit({
      buffers: [{ buffer: b, write: true }, { buffer: a, write: true }],
      durationMs: 1,
      program: (all) => all.forEach((contents, at) => contents.fill(at + 1)),
    });
    assertEquals([a.busy, b.busy, gpu.graphicsStats.tasks], [true, true, 0]);
    clock.runUntilIdle();
    assertEquals([holds(a, 2), holds(b, 1)], [true, true]);
  });
});

Deno.test("CPU reads on RadeonSim wait for jobs that write, not for jobs that read", async () => {
  await bench({}, async ({ gpu, clock, make, fill }) => {
    const buffer = make(1, "gtt");
    fill(buffer, 9);
    const [first] = await buffer.read({ length: 1 });
    assertEquals([first, clock.now()], [9, 1]);
    gpu.submit({ buffers: [{ buffer, write: false }], durationMs: 10 });
    await buffer.read();
    assertEquals(clock.now(), 1);
  });
});

Deno.test("RadeonSim lets the CPU see only the visible part of VRAM", async () => {
  await bench({ visibleVram: 2 * PAGE_SIZE }, async ({ make, fill }) => {
    const [across, beyond] = [make(4, "vram"), make(1, "vram")];
    fill(across, 6);
    await across.write(new Uint8Array([1, 2]), { offset: 2 * PAGE_SIZE - 2 });
    assertEquals(await across.read({ offset: 2 * PAGE_SIZE - 2, length: 2 }), new Uint8Array([1, 2]));
    assertEquals((await across.read({ length: 4 }))[0], 6);
    const refused = [
      () => across.read(),
      () => across.read({ offset: 2 * PAGE_SIZE - 1, length: 2 }),
      () => across.write(new Uint8Array(1), { offset: 2 * PAGE_SIZE }),
      () => beyond.read({ length: 1 }),
    ];
    for (const access of refused) {
      assertEquals((await assertRejects(access, TtmError, "the CPU cannot see pages")).code, "EINVAL");
    }
  });
});

Deno.test("RadeonSim with stamps refuses to read bytes", async () => {
  await bench({ contents: "stamps" }, async ({ gpu, make, fill }) => {
    const buffer = make(1, "gtt");
    fill(buffer, 1);
    assertEquals((await assertRejects(() => buffer.read(), TtmError)).code, "ENODEV");
    assertEquals(assertThrows(() => gpu.contentsOf(buffer)?.bytes, TtmError).code, "ENODEV");
  });
});

Deno.test("RadeonSim refuses jobs on buffers that it cannot reach, and a durationMs that is not a time", async () => {
  await bench({}, ({ gpu, make }) => {
    const [good, system, nowhere, free] = [make(1, "gtt"), make(1, "system"), make(1), make(1, "gtt")];
    free.unreserve();
    const refuse = (job: GpuJob, why: string) =>
      assertEquals(assertThrows(() => gpu.submit(job), TtmError, why).code, "EINVAL");
    for (const [buffer, why] of [[system, "is in system"], [nowhere, "no place"], [free, "not reserved"]] as const) {
      refuse({ buffers: [good, buffer].map((each) => ({ buffer: each, write: true })), durationMs: 1 }, why);
    }
    for (const durationMs of [NaN, -1, Infinity]) {
      refuse({ buffers: [], durationMs }, "durationMs must be a finite number");
    }
    assertEquals([good.busy, gpu.graphicsStats.tasks], [false, 0]);
  });
});

Deno.test("RadeonSim with stamps refuses imported bytes, and leaves them unchanged", async () => {
  const driver = new RadeonSim({ vram: 8 * PAGE_SIZE, gtt: 8 * PAGE_SIZE, contents: "stamps" });
  const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, clock: new SimulatedClock() });
  const imported = new Uint8Array(PAGE_SIZE).fill(7);
  const buffer = device.createBuffer({ bytes: PAGE_SIZE, kind: "sg", imported });
  await buffer.reserve();
  const error = await assertRejects(() => buffer.validate({ placement: [{ memoryType: "vram" }] }), TtmError);
  assertEquals(error.code, "ENODEV");
  buffer.unreserve();
  buffer.unref();
  assertEquals([imported[0], imported.at(-1)], [7, 7]);
});
