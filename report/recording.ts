import type { RecordEvent } from "@ttm/explain";
import type { Recording, Workload } from "@ttm/import";
import { closeLayout, type Layout, lowestLayout } from "./layout.ts";
import type { ReportedRecord } from "./run.ts";

/** The only memory type of a recording, beside SYSTEM. */
const MEMORY = "memory";

/**
 * A recording of another tool as a record of buffers that are allocated, used and freed where they are: nothing is
 * placed anew. `replay` shows what a device would have done with it.
 *
 * @example The live ranges of a log
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { importRecording } from "@ttm/import";
 * import { recordOf } from "@ttm/report";
 *
 * const log = "Thread,Time,Action,Pointer,Size,Stream\n1,10:00:00.000001,allocate,0x7000,4096,0x0\n";
 * const record = recordOf(await importRecording("log.csv", new TextEncoder().encode(log)));
 * assertEquals([...record.events].map(({ kind }) => kind), ["create", "move"]);
 * ```
 */
export function recordOf({ format, uses, workload }: Recording): ReportedRecord {
  const { addresses } = workload;
  const layout = addresses === undefined ? lowestLayout(workload) : closeLayout(workload, addresses);
  return {
    header: {
      ...{ format: "ttm-record", version: 1, run: workload.name, pageSize: 1, driver: format, policy: "none", lost: 0 },
      memoryTypes: [
        { name: "system", pages: null, manager: null },
        { name: MEMORY, pages: layout.bytes, manager: addresses === undefined ? "lowest hole" : "as recorded" },
      ],
    },
    time: workload.time === "us" ? "ms" : "steps",
    notes: notesOf(uses, workload),
    events: eventsOf(workload, layout),
  };
}

function notesOf(uses: Recording["uses"], { addresses, time }: Workload): string[] {
  return [
    ...(uses === "lifetimes" ? ["The recording has no uses of buffers: it shows what was allocated, and when."] : []),
    ...(uses === "assumed" ? ["Uses are assumed: after the allocation and before the free of each buffer."] : []),
    addresses === undefined
      ? "The recording has no addresses: each buffer is shown in the lowest hole, as first-fit would place it."
      : "Parts of the address space of more than 1 MiB that no buffer ever had are left out.",
    "The size of the memory is not recorded: it is taken to end where the last buffer ends.",
    ...(time === "seq" ? ["The recording has no times: steps are counted."] : []),
  ];
}

function* eventsOf({ events, time: unit }: Workload, { starts }: Layout): Generator<RecordEvent, void> {
  const numbers = new Map<number, number>();
  const start = events[0]?.t ?? 0;
  for (const event of events) {
    const time = unit === "us" ? (event.t - start) / 1000 : event.t - start;
    if (event.op === "alloc") {
      const buffer = numbers.size;
      numbers.set(event.id, buffer);
      const { bytes: size, tag = "" } = event;
      yield { kind: "create", time, buffer, label: tag, tag: purposeOf(tag), client: "", size, pages: size };
      yield {
        ...{ kind: "move", time, buffer, from: null, to: { memoryType: MEMORY, start: starts.get(event.id) ?? 0 } },
        ...{ dropped: false, failure: null, end: time, operation: 0, eviction: null },
      };
    } else if (event.op === "free") {
      yield { kind: "destroy", time, buffer: numbers.get(event.id) ?? 0 };
    } else {
      for (const { id } of event.uses) yield { kind: "use", time, buffer: numbers.get(id) ?? 0 };
    }
  }
}

/** The purpose that a label names, without the numbers that distinguish buffers of one purpose: `layer 7` and `layer 8` are `layer #`. */
export function purposeOf(label: string): string {
  return label.replace(/\d+/g, "#");
}
