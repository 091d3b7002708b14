import { assertEquals, assertRejects } from "@std/assert";
import { TtmError } from "@ttm/core";
import { writeRecord } from "@ttm/explain";
import { openRecord } from "./open_record.ts";
import { makeRecord } from "./testing_records.ts";

const LOG = "Thread,Time,Action,Pointer,Size,Stream\n1,10:00:00.000001,allocate,0x7000,4096,0x0\n";
const lines = [...writeRecord(makeRecord({ events: 300 }))].map((line) => `${line}\n`);

/** A file in pieces of some bytes. */
function fileOf(text: string, packed: boolean, size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, at) => bytes.slice(at * size, (at + 1) * size),
  );
  const file = ReadableStream.from(pieces);
  return packed ? file.pipeThrough(new CompressionStream("gzip")) : file;
}

for (const packed of [false, true]) {
  Deno.test(`a ${packed ? "gzip'd" : "plain"} record and a recording are told apart, in pieces of any size`, async () => {
    for (const size of [7, 100, 1e6]) {
      const record = await openRecord("run.jsonl", fileOf(lines.join(""), packed, size));
      assertEquals([...record.events].length, 300);
      const recording = await openRecord("log.csv", fileOf(LOG, packed, size), { uses: "assumed" });
      assertEquals([...recording.events].map(({ kind }) => kind), ["create", "move", "use"]);
    }
  });
}

Deno.test("a record that is wrong is refused at its line, and contents of no known format as such", async () => {
  const wrong = [...lines.slice(0, 3), '{"kind":"nonsense","time":0}\n'].join("");
  const refused = await assertRejects(() => openRecord("run.jsonl", fileOf(wrong, true, 100)), TtmError);
  assertEquals(refused.message, 'run.jsonl:4: Cannot read the record: there is no event of the kind "nonsense"');
  const unknown = await assertRejects(() => openRecord("x", fileOf("<html>", false, 100)), TtmError);
  assertEquals([unknown.code, unknown.message.includes("Cannot tell the format")], ["EINVAL", true]);
});
