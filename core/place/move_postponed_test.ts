import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { BufferObject } from "../api/buffer_object.ts";
import { BoDevice, checkInvariants } from "../api/device.ts";
import type { Driver, MoveRequest, Postponed } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import { type Fence, FenceContext } from "../lock/fence.ts";
import { LATER, type MemTypeManager, NO_ROOM } from "../contract/mem_type_manager.ts";
import { PAGE_SIZE } from "../base/units.ts";
import { addWork, fence, only, put, testDevice } from "../testing_devices.ts";

/** Room for so many pages, without addresses. What is given back is free after `freeing`. */
class CountedPages implements MemTypeManager {
  readonly name = "counted";
  usedPages = 0;
  freeing: Fence | null = null;
  #pages = 0;
  init(pages: number): void {
    this.#pages = pages;
  }
  allocate({ pages }: { readonly pages: number }): number {
    if (this.usedPages + pages > this.#pages) return NO_ROOM;
    if (this.freeing?.signalled === false) return LATER;
    this.usedPages += pages;
    return 1;
  }
  free(_handle: number, pages: number): void {
    this.usedPages -= pages;
  }
  takedown(): boolean {
    return true;
  }
  debug(): string {
    return "";
  }
}

/** VRAM behind a slow bus: bytes come back a step after they are asked for. */
class SlowDriver implements Driver {
  readonly name = "slow";
  readonly memoryTypes = [{ name: "system" }, { name: "vram", pages: 4, fixed: true }];
  readonly line: FenceContext = new FenceContext("readback");
  readonly vram: Map<unknown, Uint8Array> = new Map();
  readonly steps: Fence[] = [];
  readonly asked: string[] = [];
  #ready: Set<unknown> = new Set();
  evictPlacement = () => only("system");
  moveNotify(_buffer: unknown, from: string | null, to: string | null): void {
    this.asked.push(`${from}>${to}`);
  }
  move({ buffer, source, destination }: MoveRequest): Postponed | void {
    if (destination.memoryType === "vram") {
      const bytes = source?.table?.contents as Uint8Array | undefined;
      this.vram.set(buffer, bytes?.slice() ?? new Uint8Array(buffer.pages * PAGE_SIZE));
      return;
    }
    const step = this.step(buffer);
    if (step !== null) return { retryAfter: step };
    (destination.table?.contents as Uint8Array).set(this.vram.get(buffer) ?? []);
    this.vram.delete(buffer);
  }
  accessMemory(buffer: unknown, offset: number, bytes: Uint8Array, write: boolean): Postponed | void {
    const vram = this.vram.get(buffer) as Uint8Array;
    if (write) return void vram.set(bytes, offset);
    const step = this.step(buffer);
    if (step !== null) return { retryAfter: step };
    bytes.set(vram.subarray(offset, offset + bytes.length));
  }
  step(buffer: unknown): Fence | null {
    if (this.#ready.delete(buffer)) return null;
    const step = this.line.next();
    step.onSignal((error) => error === undefined && this.#ready.add(buffer));
    this.steps.push(step);
    return step;
  }
}

async function bench(manager = new CountedPages()) {
  const driver = new SlowDriver();
  const device = new BoDevice({ driver, managers: { vram: manager } });
  const buffers: BufferObject[] = [];
  const make = (pages: number) => {
    const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE });
    buffers.push(buffer);
    return buffer;
  };
  const buffer = make(4);
  await buffer.reserve();
  await buffer.validate(only("vram"));
  await buffer.write(new Uint8Array([1, 2, 3]), { offset: PAGE_SIZE - 1 });
  const end = async () => {
    for (const made of buffers) made.unref();
    await device.close();
  };
  return { driver, device, buffer, make, manager, [Symbol.asyncDispose]: end };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("a postponed move leaves the buffer where it is until the fence that it waits for has signalled", async () => {
  await using t = await bench();
  const { buffer, driver, device } = t;
  driver.asked.splice(0);
  const blocker = buffer.tryValidate(only("system"));
  assertEquals([blocker === driver.steps[0], buffer.memoryType, buffer.tt], [true, "vram", null]);
  assertEquals([driver.asked, device.global.usedPages], [["vram>system", "system>vram"], 0]);
  checkInvariants(device);
  driver.steps[0]?.signal();
  assertEquals([buffer.tryValidate(only("system")), buffer.memoryType], [null, "system"]);
  assertEquals(await buffer.read({ offset: PAGE_SIZE - 1, length: 3 }), new Uint8Array([1, 2, 3]));
  buffer.unreserve();
});

Deno.test("an eviction by a postponed move waits for the move; with noWait it does not", async () => {
  await using t = await bench();
  t.buffer.unreserve();
  const next = t.make(1);
  await next.reserve();
  await assertRejects(() => next.validate(only("vram"), { noWait: true }), TtmError, "Cannot validate");
  assertEquals(t.buffer.memoryType, "vram");
  const validated = next.validate(only("vram"));
  await settle();
  for (const step of t.driver.steps.splice(0)) step.signal();
  await validated;
  assertEquals([t.buffer.memoryType, next.memoryType], ["system", "vram"]);
  next.unreserve();
});

Deno.test("a postponed move is called again also if the fence that it waits for fails", async () => {
  await using t = await bench();
  const validated = t.buffer.validate(only("system"));
  await settle();
  t.driver.steps.shift()?.signal(new Error("no staging memory"));
  await settle();
  t.driver.steps.shift()?.signal();
  await validated;
  assertEquals(t.buffer.memoryType, "system");
  t.buffer.unreserve();
});

Deno.test("a postponed move is called again if a tracer signals its fence at once", async () => {
  const driver = new SlowDriver();
  const tracer = { wait: (step: Fence) => step.signal() };
  const device = new BoDevice({ driver, managers: { vram: new CountedPages() }, tracer });
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  await buffer.validate(only("vram"));
  await buffer.validate(only("system"));
  assertEquals([buffer.memoryType, driver.vram.size, driver.steps.length], ["system", 0, 1]);
  checkInvariants(device);
});

Deno.test("a postponed move whose fence has signalled is EINVAL", async () => {
  await using t = await bench();
  t.driver.step = () => {
    const step = t.driver.line.next();
    step.signal();
    return step;
  };
  const error = assertThrows(() => t.buffer.tryValidate(only("system")), TtmError, "which has signalled");
  assertEquals([error.code, t.buffer.memoryType], ["EINVAL", "vram"]);
  t.buffer.unreserve();
});

Deno.test("an ordered move may be postponed, and waits for earlier work all the same", () => {
  const { device, driver, moves } = testDevice({ ordered: true });
  const buffer = put(device, "vram");
  driver.finishCopy();
  const [work, readback] = [addWork(buffer), fence("readback")];
  const inner = driver.move.bind(driver);
  const answers: (readonly Fence[])[] = [];
  driver.move = (request) => {
    answers.push(request.after);
    return answers.length === 1 ? { retryAfter: readback } as never : inner(request);
  };
  buffer.tryReserve();
  assertEquals([buffer.tryValidate(only("gtt")) === readback, buffer.memoryType], [true, "vram"]);
  assertEquals([driver.copies.length, device.usage("gtt").usedPages, moves.length], [0, 0, 1]);
  checkInvariants(device);
  readback.signal();
  assertEquals([buffer.tryValidate(only("gtt")), buffer.memoryType], [null, "gtt"]);
  assertEquals([driver.copies.length, answers.map((after) => after[0] === work)], [1, [true, true]]);
  work.signal();
  driver.finishCopy();
  buffer.unreserve();
});

Deno.test("an accessMemory() that returns a fence is EINVAL", async () => {
  await using t = await bench();
  t.driver.accessMemory = () => t.driver.line.follow(Promise.resolve()) as never;
  const error = await assertRejects(() => t.buffer.read(), TtmError, "from accessMemory; { retryAfter: fence }");
  assertEquals(error.code, "EINVAL");
  t.buffer.unreserve();
});

Deno.test("without ioMemReserve, reads and writes go through accessMemory, and wait for its fence", async () => {
  await using t = await bench();
  const reading = t.buffer.read({ offset: PAGE_SIZE, length: 2 });
  await settle();
  t.driver.steps.shift()?.signal();
  assertEquals([...await reading], [2, 3]);
  await assertRejects(() => t.buffer.map(), TtmError, "cannot see");
  t.driver.accessMemory = () => {
    throw new TtmError("EIO", "the bus is gone");
  };
  const error = await assertRejects(() => t.buffer.read({ length: 1 }), TtmError, "the bus is gone");
  assertEquals(error.code, "EIO");
  t.buffer.unreserve();
});

Deno.test("validate() waits for a manager that answers `later`, and evicts nothing", async () => {
  await using t = await bench();
  t.buffer.unreserve();
  const small = t.make(1);
  t.manager.usedPages = 0;
  t.manager.freeing = t.driver.line.next();
  await small.reserve();
  await small.validate({ placement: [{ memoryType: "vram" }, { memoryType: "system" }] });
  assertEquals(small.memoryType, "system");
  const validated = small.validate(only("vram"));
  await settle();
  assertEquals([small.memoryType, t.buffer.memoryType], ["system", "vram"]);
  t.manager.freeing.signal();
  await validated;
  assertEquals([small.memoryType, t.buffer.memoryType], ["vram", "vram"]);
  small.unreserve();
  t.manager.usedPages = 5;
});
