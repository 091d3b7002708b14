import { assertEquals, assertThrows } from "@std/assert";
import { BoDevice, type BufferObject, FenceContext, type FenceUsage, SimulatedClock, TtmError } from "@ttm/core";
import { Contents } from "./contents.ts";
import { Engine } from "./engine.ts";
import { submitJob } from "./job.ts";
import { memoryKinds } from "./memory_kinds.ts";

/** An engine, a reserved buffer, and contents that a job uses for any buffer. */
function bench() {
  const clock = new SimulatedClock();
  const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
  const buffer = new BoDevice({ driver, managers: {}, clock }).createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  buffer.tryValidate({ placement: [{ memoryType: "system" }] });
  const { stamps } = memoryKinds;
  const contents = new Contents(stamps, stamps.create(1), 0, 1);
  return { clock, engine: new Engine(clock, "test"), buffer, contents };
}

Deno.test("submitJob() waits for conflicting work on its buffers", () => {
  const starts = (usage: FenceUsage, write: boolean) => {
    const { clock, engine, buffer, contents } = bench();
    const work = new FenceContext("elsewhere").next();
    buffer.addFence(work, usage);
    const fence = submitJob(engine, { buffers: [{ buffer, write }], durationMs: 1 }, () => contents);
    clock.runUntilIdle();
    const waited = !fence.signalled;
    work.signal();
    clock.runUntilIdle();
    assertEquals(fence.signalled, true);
    return waited ? "after" : "beside";
  };
  assertEquals([starts("kernel", false), starts("write", false), starts("read", false)], ["after", "after", "beside"]);
  assertEquals([starts("kernel", true), starts("write", true), starts("read", true)], ["after", "after", "after"]);
});

Deno.test("submitJob() adds the job's fence to its buffers with the usage of each", () => {
  for (const write of [false, true]) {
    const { engine, buffer, contents } = bench();
    const fence = submitJob(engine, { buffers: [{ buffer, write }], durationMs: 1 }, () => contents);
    assertEquals(buffer.reservation.fences.allPending("write"), write ? [fence] : []);
    assertEquals(buffer.reservation.fences.allPending("read"), [fence]);
  }
});

Deno.test("submitJob() calls the program with the device's view when the job ends", () => {
  const { clock, engine, buffer, contents } = bench();
  const program = ([seen]: readonly Contents[]) => seen?.fill(3);
  submitJob(engine, { buffers: [{ buffer, write: true }], durationMs: 2, program }, () => contents);
  clock.advanceTo(1.9);
  assertEquals(contents.firstMismatch(0), -1);
  clock.runUntilIdle();
  assertEquals(contents.firstMismatch(3), -1);
});

Deno.test("submitJob() refuses buffers that the device does not see, and then adds no fence", () => {
  const { engine, buffer, contents } = bench();
  const other = bench().buffer;
  const reach = (each: BufferObject) => each === buffer ? contents : null;
  const job = { buffers: [buffer, other].map((each) => ({ buffer: each, write: true })), durationMs: 1 };
  const error = assertThrows(() => submitJob(engine, job, reach), TtmError);
  assertEquals([error.code, error.message], ["EINVAL", "Cannot submit job: buffer 0 is in system"]);
  assertEquals(buffer.busy, false);
});
