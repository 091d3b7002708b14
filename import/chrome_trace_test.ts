import { assertEquals } from "@std/assert";
import { importRecording } from "./import.ts";
import { bytesOf, refused } from "./import_testing.ts";
import { memory, RECORDINGS } from "./testing_recordings.ts";

Deno.test("a Chrome trace is the [memory] events of its GPU in the order of their times, in pieces of any size", async () => {
  const file = RECORDINGS["chrome.json"] as Uint8Array;
  for (const size of [1, 13, file.length]) {
    const pieces = ReadableStream.from(Array.from(
      { length: Math.ceil(file.length / size) },
      (_, index) => file.subarray(index * size, (index + 1) * size),
    ));
    const { format, uses, workload } = await importRecording("chrome.json", pieces);
    assertEquals([format, uses, workload.name, workload.time], ["Chrome trace", "lifetimes", "chrome", "us"]);

    assertEquals(workload.events.map(({ op, t }) => [op, t]), [["alloc", 0], ["free", 0], ["alloc", 1], ["free", 4]]);
    assertEquals(workload.events.flatMap((event) => event.op === "alloc" ? [event.bytes] : []), [50, 100]);
  }
});

Deno.test("the events may be the document, and the device is the GPU, or the CPU where there is no other", async () => {
  const read = async (events: readonly object[], device?: number) => {
    const options = device === undefined ? {} : { device };
    const { workload } = await importRecording("file", bytesOf(JSON.stringify(events)), options);
    return workload.events.map((event) => event.op === "alloc" ? event.bytes : event.op);
  };
  const [cpu, one, two] = [memory(1, 1, 10, [0, -1]), memory(2, 1, 20, [1, 0]), memory(3, 1, 30, [1, 1])];
  assertEquals(await read([cpu]), [10]);
  assertEquals(await read([cpu, one]), [20]);
  assertEquals(await read([cpu, one, two], 1), [30]);
  await refused(
    JSON.stringify([one, two]),
    { offset: JSON.stringify([one]).length },
    "it has the devices 0, 1: choose one",
  );
  await refused(JSON.stringify([one]), { offset: 1 }, "it has no device 3", { device: 3 });
});

Deno.test("JSON that is wrong or cut is refused at its offset", async () => {
  const event = JSON.stringify(memory(1, 1, 10));
  const wrong = (text: string, offset: number, why: string) => refused(text, { offset }, why);
  await wrong(`[${event}`, event.length + 1, "the JSON is cut short");
  await wrong(`[${event},]`, event.length + 2, '"]" stands where it may not be');
  await wrong(`[${event}] x`, event.length + 3, '"x" stands where it may not be');
  await wrong(`[${event} 5]`, event.length + 2, "a value stands where none may be");
  await wrong(`[{"a":nul}]`, 1, "what begins here is not JSON");
  await wrong(`{"traceEvents" 5}`, 15, "a value stands where none may be");
  await wrong(`{"traceEvents":5}`, 17, 'the JSON has no list "traceEvents"');
  await wrong(`{"traceEvents":[],"traceEvents":[]}`, 32, "there is a second list");
  await wrong(`{"traceEvents":[],7:1}`, 18, "a key must be a string");
  await wrong("[]", 0, "it has no [memory] event: record it with profile_memory=True");
  await wrong(`[${event.replace("10}", "0}")}]`, 1, "Bytes of a [memory] event is 0");
  await wrong(`[${event.replace('"Addr":1', '"Addr":-1')}]`, 1, "Addr must be a whole number from 0");
  await wrong(`["x"]`, 1, 'an event must be an object, but is "x"');
});

Deno.test("deep nesting and keys that are names of prototypes do no harm", async () => {
  const deep = `[${"[".repeat(500_000)}${"]".repeat(500_000)}]`;
  await refused(deep, { offset: 1 }, "an event must be an object, but is a list");
  await refused('[{"__proto__":{"polluted":1},"name":"[memory]","ts":1}]', { offset: 1 }, "args of a [memory] event");
  assertEquals(({} as { polluted?: number }).polluted, undefined);
});
