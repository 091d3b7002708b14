import { assert, assertEquals, assertRejects } from "@std/assert";
import { TtmError } from "@ttm/core";
import fc from "fast-check";
import { type DeviceRecord, readRecord, type RecordEvent, type RecordHeader, writeRecord } from "./mod.ts";

const header: RecordHeader = {
  format: "ttm-record",
  version: 1,
  run: "r",
  pageSize: 4096,
  driver: "d",
  policy: "lru",
  memoryTypes: [{ name: "system", pages: null, manager: null }, { name: "vram", pages: 8, manager: "range" }],
  lost: 0,
};
const create = (buffer: number): RecordEvent => {
  return { kind: "create", time: 0, buffer, label: "a", tag: "", client: "", size: 5000, pages: 2 };
};
const place = { memoryType: "vram", start: 0 };
const eviction = {
  forBuffer: 1,
  pages: 2,
  place: { memoryType: "vram", fpfn: 0, lpfn: 0 },
  position: 1,
  passedOver: [{ buffer: 0, reason: "pinned" }],
} as const;
const events: readonly RecordEvent[] = [
  create(0),
  create(1),
  { kind: "operation", time: 0, operation: 1, name: "validate", buffer: 1, submission: null },
  {
    kind: "move",
    time: 1,
    buffer: 0,
    from: place,
    to: { memoryType: "system", start: 0 },
    dropped: false,
    failure: null,
    end: null,
    operation: 1,
    eviction,
  },
  { kind: "failure", time: 1, operation: 1, buffer: 1, code: "ENOMEM", message: "no\nroom – \u{1f600}" },
  { kind: "wait", time: 1.5, operation: 1, what: "fence", buffer: null, end: 2 },
  { kind: "use", time: 2, buffer: 1 },
  { kind: "swap-out", time: 2, buffer: 1, operation: 1 },
  { kind: "free", time: 2, buffer: 1, place },
  { kind: "destroy", time: 2, buffer: 1 },
];

const linesOf = (record: DeviceRecord) => [...writeRecord(record)];
const read = (text: string) => readRecord("file", new TextEncoder().encode(text));

Deno.test("a record that was written is read again, whatever the pieces of the stream", async () => {
  const bytes = new TextEncoder().encode(linesOf({ header, events }).join("\n"));
  for (const size of [1, 7, bytes.length]) {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    const record = await readRecord("file", stream);
    assertEquals([record.header, [...record.events]], [header, [...events]]);
  }
});

const wrong: Readonly<Record<string, readonly [number, (lines: string[]) => string]>> = {
  "nothing": [1, () => ""],
  "no header": [1, ([_, ...lines]) => lines.join("\n")],
  "another version": [1, (lines) => lines.join("\n").replace('"version":1', '"version":2')],
  "an empty line": [2, ([first, ...lines]) => [first, "", ...lines].join("\n")],
  "a list": [3, ([first, second]) => [first, second, "[]"].join("\n")],
  "a kind that is inherited": [2, ([first]) => `${first}\n{"kind":"toString","time":0}`],
  "a buffer that was never created": [3, (lines) => lines.toSpliced(2, 1).join("\n")],
  "a buffer that was created twice": [4, (lines) => lines.toSpliced(3, 0, lines[1] ?? "").join("\n")],
  "time that goes back": [12, (lines) => [...lines, '{"kind":"use","time":1,"buffer":0}'].join("\n")],
  "an unknown memory type": [5, (lines) => lines.join("\n").replace('"start":0},"to"', '"start":0},"to":{},"x"')],
  "a reason that is none": [5, (lines) => lines.join("\n").replace("pinned", "unlucky")],
  "a time that is none": [6, (lines) => lines.join("\n").replace('"failure","time":1', '"failure","time":"1"')],
  "a cut line": [11, (lines) => lines.join("\n").slice(0, -3)],
};
for (const [name, [line, damage]] of Object.entries(wrong)) {
  Deno.test(`a file with ${name} is refused with its line`, async () => {
    const error = await assertRejects(() => read(damage(linesOf({ header, events }))), TtmError);
    assertEquals(
      [error.code, error.message.startsWith(`file:${line}: Cannot read the record: `)],
      ["EINVAL", true],
      error.message,
    );
  });
}

Deno.test("bytes that are no text are refused", async () => {
  const error = await assertRejects(() => readRecord("file", new Uint8Array([0x7b, 0xff])), TtmError);
  assertEquals(error.message, "file:1: Cannot read the record: it is not UTF-8 text");
});

Deno.test("a damaged file is read, or refused with EINVAL", async () => {
  const whole = new TextEncoder().encode(linesOf({ header, events }).join("\n"));
  const damage = fc.array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
    const bytes = whole.slice();
    for (const { at, byte } of changes) bytes[at] = byte;
    try {
      const record = await readRecord("file", bytes.subarray(0, length));
      assert(Array.isArray([...record.events]));
    } catch (error) {
      assert(error instanceof TtmError && error.code === "EINVAL" && /^file:\d+: /.test(error.message), String(error));
    }
    assertEquals(Object.keys(Object.prototype), []);
  }));
});
