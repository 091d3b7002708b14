/** Takes a case, as `Deno.test` does. */
export type TakeCase = (name: string, fn: () => void | Promise<void>) => void;

/** Hands the cases for a package over, or says why they cannot run here. Imports nothing before it is called. */
export type Suite = (test: TakeCase, skip: (why: string) => void) => Promise<void>;

const SIZE = 16 * 4096;

/** What is run of each entry point once it could be imported. */
export const suites: Readonly<Record<string, Suite>> = {
  "@ttm/core": async (test) => {
    const { memoryStore } = await import("@ttm/core");
    const { testStore } = await import("@ttm/testing");
    testStore({ test, factory: () => memoryStore() });
  },
  "@ttm/core/arguments": async (test) => {
    const { checkInteger } = await import("@ttm/core/arguments");
    test("a wrong argument is refused with its value", () => {
      if (checkInteger("make a card", "pages", 5, 1, 9) !== 5) throw new Error("a right one is not given back");
      try {
        checkInteger("make a card", "pages", 1.5, 1, 9);
      } catch (error) {
        const wanted = "Cannot make a card: pages must be a whole number from 1 to 9, not 1.5";
        if ((error as Error).message === wanted) return;
        throw error;
      }
      throw new Error("a wrong one is taken");
    });
  },
  "@ttm/core/checksum": async (test) => {
    const { crc32 } = await import("@ttm/core/checksum");
    test("a checksum is that of gzip", () => {
      const sum = crc32(new TextEncoder().encode("123456789"));
      if (sum !== 0xcbf43926) throw new Error(`it is ${sum.toString(16)}`);
    });
  },
  "@ttm/core/hints": async (test) => {
    const { Hints } = await import("@ttm/core/hints");
    test("a use takes its turn out", () => {
      const hints = new Hints<string>(() => {}, () => 3);
      hints.replace(["a", "b", "a"]);
      hints.use(["a"]);
      if (hints.next("a") !== 2) throw new Error(`it is ${hints.next("a")}`);
    });
  },
  "@ttm/core/lists": async (test) => {
    const { LinkedLists } = await import("@ttm/core/lists");
    test("a list keeps its order", () => {
      const lists = new LinkedLists();
      const head = lists.takeMark();
      for (const entry of [3, 1, 2]) {
        lists.admit(entry);
        lists.moveBefore(entry, head);
      }
      const found = [...lists.entries(head)].join();
      if (found !== "3,1,2") throw new Error(`it is ${found}`);
    });
  },
  "@ttm/first-fit": async (test) => {
    const { firstFit, rangeManager } = await import("@ttm/first-fit");
    const { testManager } = await import("@ttm/testing");
    testManager({ test, factory: () => firstFit() });
    testManager({ test, factory: () => rangeManager() });
  },
  "@ttm/good-fit": async (test) => {
    const { goodFit } = await import("@ttm/good-fit");
    const { testManager } = await import("@ttm/testing");
    testManager({ test, factory: () => goodFit() });
  },
  "@ttm/policies": async (test) => {
    const { lru } = await import("@ttm/core");
    const policies = await import("@ttm/policies");
    const { testPolicy } = await import("@ttm/testing");
    const { adaptive, arc, clock, gdsf, lirs, lookahead, loops, reuse, s3fifo, sieve, twoQueues } = policies;
    const factories = [adaptive, arc, clock, () => gdsf(), lirs, reuse, s3fifo, sieve, twoQueues];
    for (const factory of [...factories, () => lookahead(lru()), () => loops(lru())]) testPolicy({ test, factory });
  },
  "@ttm/buddy": async (test) => {
    const { buddy } = await import("@ttm/buddy");
    const { testManager } = await import("@ttm/testing");
    testManager({ test, factory: () => buddy(), supports: { alignment: "powers of two" } });
  },
  "@ttm/sim-parts": async (test) => {
    const { Engine } = await import("@ttm/sim-parts");
    const { SimulatedClock } = await import("@ttm/core");
    test("an engine runs its tasks in order and in time", () => {
      const clock = new SimulatedClock();
      const engine = new Engine(clock, "engine");
      const ends: number[] = [];
      for (const durationMs of [2, 3]) engine.submit([], durationMs, () => ends.push(clock.now()));
      clock.runUntilIdle();
      if (ends.join() !== "2,5") throw new Error(`the tasks ended at ${ends}`);
    });
  },
  "@ttm/radeon-sim": async (test) => {
    const { RadeonSim } = await import("@ttm/radeon-sim");
    const { firstFit } = await import("@ttm/first-fit");
    const { testDriver } = await import("@ttm/testing");
    const managers = () => ({ vram: firstFit(), gtt: firstFit() });
    testDriver({ test, factory: () => ({ driver: new RadeonSim({ vram: SIZE, gtt: SIZE }), managers: managers() }) });
  },
  "@ttm/cma-sim": async (test) => {
    const { CmaSim } = await import("@ttm/cma-sim");
    const { buddy } = await import("@ttm/buddy");
    const { testDriver } = await import("@ttm/testing");
    const driver = () => new CmaSim({ carveOut: SIZE, movable: SIZE / 2 });
    testDriver({ test, factory: () => ({ driver: driver(), managers: { cma: buddy() } }) });
  },
  "@ttm/webgpu": async (test, skip) => {
    const { slabs, WebGpu } = await import("@ttm/webgpu");
    const { SystemClock } = await import("@ttm/core");
    const { testDriver } = await import("@ttm/testing");
    const device = await (await globalThis.navigator?.gpu?.requestAdapter())?.requestDevice();
    if (device === undefined) return skip("no GPU");
    const factory = () => {
      const driver = new WebGpu({ device, budget: SIZE });
      return { driver, managers: { vram: slabs(driver) }, clock: new SystemClock() };
    };
    testDriver({ test, factory, supports: { windows: false } });
  },
  "@ttm/file-store": async (test) => {
    const { FileStore } = await import("@ttm/file-store");
    const { testStore } = await import("@ttm/testing");
    testStore({ test, factory: () => new FileStore({ directory: "swap" }) });
  },
  "@ttm/range-store": async (test) => {
    const { blobSource, rangeStore, safetensors } = await import("@ttm/range-store");
    const { testReadOnlyStore } = await import("@ttm/testing");
    const bytes = Uint8Array.from({ length: 9000 }, (_, at) => at % 251);
    const ranges = new Map([["a", { offset: 5, length: 8000 }]]);
    const contents = new Map([["a", bytes.slice(5, 8005)]]);
    const factory = () => ({ store: rangeStore({ source: blobSource(new Blob([bytes])), ranges }), contents });
    testReadOnlyStore({ test, factory });
    test("a safetensors file has its tensors", async () => {
      const header = new TextEncoder().encode('{"w":{"dtype":"U8","shape":[9000],"data_offsets":[0,9000]}}');
      const file = new Blob([new BigUint64Array([BigInt(header.length)]), header, bytes]);
      const { store, tensors } = await safetensors(blobSource(file));
      const read = await store.read("w");
      if (tensors.length !== 1 || read.some((byte, at) => byte !== bytes[at])) throw new Error(JSON.stringify(tensors));
    });
  },
  "@ttm/range-store/file": async (test) => {
    // Not by its name: Deno would want the types of Node for it.
    const files: string = "node:fs/promises";
    const { writeFile } = await import(files);
    const { rangeStore } = await import("@ttm/range-store");
    const { fileSource } = await import("@ttm/range-store/file");
    const { testReadOnlyStore } = await import("@ttm/testing");
    const bytes = Uint8Array.from({ length: 9000 }, (_, at) => at % 251);
    await writeFile("ranges.bin", bytes);
    const ranges = new Map([["a", { offset: 5, length: 8000 }]]);
    const contents = new Map([["a", bytes.slice(5, 8005)]]);
    testReadOnlyStore({
      test,
      factory: () => ({ store: rangeStore({ source: fileSource("ranges.bin"), ranges }), contents }),
    });
  },
  "@ttm/unstorage-store": async (test) => {
    const { UnstorageStore } = await import("@ttm/unstorage-store");
    const { testStore } = await import("@ttm/testing");
    const storage = () => {
      const kept = new Map<string, unknown>();
      return {
        getItemRaw: (key: string) => Promise.resolve(kept.get(key) ?? null),
        setItemRaw: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
        removeItem: (key: string) => Promise.resolve(void kept.delete(key)),
      };
    };
    testStore({ test, factory: () => new UnstorageStore({ storage: storage() }) });
  },
  "@ttm/testing": async (test) => {
    const { memoryStore } = await import("@ttm/core");
    const { failingStore, testStore } = await import("@ttm/testing");
    test("catches a store that loses bytes", async () => {
      const wrong: string[] = [];
      const cases: (() => void | Promise<void>)[] = [];
      testStore({ test: (_name, fn) => cases.push(fn), factory: () => failingStore(memoryStore(), { shortBy: 1 }) });
      for (const fn of cases) await Promise.resolve(fn()).catch((error) => wrong.push(String(error)));
      if (wrong.length === 0) throw new Error("nothing was wrong with it");
    });
  },
  "@ttm/export": async (test) => {
    const { BoDevice } = await import("@ttm/core");
    const { chromeTrace, DeviceMetrics, vmaDump } = await import("@ttm/export");
    const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
    test("a live device has a dump and metrics, and a record is a trace", async () => {
      const observed: number[] = [];
      const create = () => ({
        addCallback: (callback: (result: { observe(value: number): void }) => void) =>
          callback({ observe: (value) => observed.push(value) }),
        removeCallback() {},
      });
      const metrics = new DeviceMetrics({ createObservableCounter: create, createObservableUpDownCounter: create });
      const device = new BoDevice({ driver, managers: {}, tracer: metrics });
      const buffer = await device.createPlaced({ bytes: 1, placement: { placement: [{ memoryType: "system" }] } });
      metrics.observe(device);
      const { Total } = vmaDump(device.dump());
      const text = [...chromeTrace({
        header: {
          ...{ format: "ttm-record", version: 1, run: "", pageSize: 4096, driver: "host", policy: "lru", lost: 0 },
          memoryTypes: [{ name: "system", pages: null, manager: null }],
        },
        events: [],
      })].join("");
      buffer.unref();
      if (Total.AllocationBytes !== 4096 || observed[0] !== 4096 || JSON.parse(text).traceEvents.length < 2) {
        throw new Error(JSON.stringify([Total, observed, text]));
      }
    });
  },
  "@ttm/explain": async (test) => {
    const { BoDevice, SimulatedClock } = await import("@ttm/core");
    const { explainer, readRecord, recorder, writeRecord } = await import("@ttm/explain");
    const { firstFit } = await import("@ttm/first-fit");
    const { RadeonSim } = await import("@ttm/radeon-sim");
    test("a record that was saved explains an eviction", async () => {
      const { tracer, record } = recorder();
      const driver = new RadeonSim({ vram: SIZE, gtt: SIZE });
      const managers = { vram: firstFit(), gtt: firstFit() };
      const device = new BoDevice({ driver, managers, clock: new SimulatedClock(), tracer });
      const placement = { placement: [{ memoryType: "vram" }] };
      for (let i = 0; i < 2; i++) {
        await device.submit([{ buffer: device.createBuffer({ bytes: SIZE }), placement }], () => {});
      }
      const text = [...writeRecord(record())].join("\n");
      const cause = explainer(await readRecord("saved", new TextEncoder().encode(text))).eviction(0)?.cause;
      if (cause?.forBuffer !== 1 || cause.pages !== 16) throw new Error(text);
    });
  },
  "@ttm/import": async (test) => {
    const { boTraceLines, importRecording } = await import("@ttm/import");
    test("a gem_wsim workload becomes a bo-trace that is read as the same workload", async () => {
      const read = (text: string) => importRecording("frame", new TextEncoder().encode(text));
      const { format, workload } = await read("w.1.2n4096\n1.RCS.500.r1-0/w1-1.0\n");
      const again = await read([...boTraceLines(workload), ""].join("\n"));
      if (format !== "gem_wsim workload" || again.format !== "bo-trace") throw new Error(`${format}, ${again.format}`);
      if (JSON.stringify(workload) !== JSON.stringify(again.workload)) throw new Error(JSON.stringify(again));
    });
  },
  "@ttm/report": async (test) => {
    const { importRecording } = await import("@ttm/import");
    const { recordOf, report } = await import("@ttm/report");
    test("a recording becomes a page that asks for nothing", async () => {
      const recording = await importRecording("frame", new TextEncoder().encode("w.1.2n4096\n1.RCS.500.r1-0/w1-1.0\n"));
      const html = await report([recordOf(recording)]);
      if (!html.startsWith("<!doctype html>") || !html.includes("default-src 'none'")) {
        throw new Error(html.slice(0, 500));
      }
    });
  },
  "@ttm/replay": async (test) => {
    const { replay, workloads } = await import("@ttm/replay");
    test("a shipped workload keeps its contents under pressure", async () => {
      const workload = workloads["texture-streaming"]?.make({ seed: 1 });
      if (workload === undefined) throw new Error("there is none");
      const { report } = await replay(workload, { contents: "stamps", verify: true });
      if (report.evictions === 0 || report.losses.length > 0) throw new Error(JSON.stringify(report));
    });
  },
  "@ttm/ttm": async (test) => {
    const { firstFit, RadeonSim } = await import("@ttm/ttm");
    const { testDriver } = await import("@ttm/testing");
    const managers = () => ({ vram: firstFit(), gtt: firstFit() });
    testDriver({ test, factory: () => ({ driver: new RadeonSim({ vram: SIZE, gtt: SIZE }), managers: managers() }) });
  },
};
