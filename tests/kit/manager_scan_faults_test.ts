import { assert } from "@std/assert";
import type { AllocationRequest, EvictionScan, MemTypeManager } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { testManager } from "./mod.ts";
import { altered, complaints } from "./testing_faults.ts";

type ScanChange = (
  scan: EvictionScan,
  request: AllocationRequest,
  manager: MemTypeManager,
) => Partial<Record<keyof EvictionScan, unknown>>;

const scanFaults: Readonly<Record<string, readonly [change: ScanChange, said: string]>> = {
  "names all that were added as victims": [
    (scan) => {
      const all: number[] = [];
      return {
        add: (handle: number) => (all.push(handle), scan.add(handle)),
        get victims() {
          return scan.victims.length > 0 ? all : [];
        },
      };
    },
    "need not be evicted",
  ],
  "keeps the request": [
    (scan, request, manager) => {
      const added: number[] = [];
      let late: EvictionScan = scan;
      return {
        add(handle: number) {
          added.push(handle);
          late = manager.scan?.(request) as EvictionScan;
          return added.map((one) => late.add(one)).includes(true);
        },
        get victims() {
          return late.victims;
        },
      };
    },
    "",
  ],
  "ignores the start of the range": [
    (scan, request, manager) => {
      const other = manager.scan?.({ ...request, fpfn: 0 }) as EvictionScan;
      return request.fpfn === 0 ? scan as never : {
        add: (handle: number) => other.add(handle),
        get victims() {
          return other.victims;
        },
      };
    },
    "",
  ],
};

for (const [fault, [change, said]] of Object.entries(scanFaults)) {
  Deno.test(`the manager suite detects a scan that ${fault}, and says so`, async () => {
    const factory = () => {
      const inner = firstFit({ scan: true });
      const scan = (request: AllocationRequest) => {
        const made = inner.scan?.(request) as EvictionScan;
        return altered(made, change(made, request, inner));
      };
      return altered(inner, { scan });
    };
    const failed = await complaints((test) => testManager({ test, factory }));
    assert(failed.some((words) => words.join().includes(said)), `it said: ${failed.slice(0, 6).join("\n")}`);
  });
}
