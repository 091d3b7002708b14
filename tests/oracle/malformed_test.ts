import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { replayLines, unzipLines } from "./families.ts";
import { TraceError } from "./trace.ts";
import ttmf1 from "./traces/ttmf-seed-1.jsonl.gz" with { type: "bytes" };
import ttmt1 from "./traces/ttmt-seed-1.jsonl.gz" with { type: "bytes" };
import ttmw5 from "./traces/ttmw-seed-5.jsonl.gz" with { type: "bytes" };

type Json = Record<string, unknown>;

const kinds = ["buddy", "mm", "ttm", "ttmb", "ttmc", "ttmf", "ttmr", "ttms", "ttmt", "ttmw", "ttmx"];
const [header = "", ...operations] = (await unzipLines(ttmf1)).filter((line) => line !== "");
const [, ...waiterOperations] = (await unzipLines(ttmw5)).filter((line) => line !== "");
const [ticketHeader = "", ...ticketOperations] = (await unzipLines(ttmt1)).filter((line) => line !== "");

function changed(line: string, change: Json): string {
  return JSON.stringify({ ...JSON.parse(line), ...change });
}

/** The line and the message with which a trace is refused. */
async function refusal(lines: readonly string[]): Promise<readonly [number, string]> {
  // deno-lint-ignore require-await -- so that a throw and a rejection look the same
  const { line, message } = await assertRejects(async () => replayLines(lines), TraceError) as TraceError;
  return [line, message];
}

Deno.test("a file that is not a trace, or of an unknown family, is refused with a reason", () => {
  for (const text of ["", "[]", "5", "null", '{"hdr":1']) {
    assertThrows(() => replayLines([text]), TraceError, "It is no JSON object");
  }
  assertThrows(() => replayLines(["{}"]), TraceError, "It is no header");
  for (const kind of ["slab", "__proto__", "constructor"]) {
    assertThrows(() => replayLines([`{"hdr":1,"kind":"${kind}"}`]), TraceError, `of kind "${kind}"`);
  }
});

Deno.test("a header whose field is missing or out of range is refused by the name of the field", async () => {
  for (
    const [change, message] of [
      [{ vram: undefined }, 'The header has "vram": undefined, not a whole number from 1 to 16777216'],
      [{ ndev: 0 }, 'The header has "ndev": 0, not a whole number from 1 to 8'],
      [{ ndev: "2" }, 'The header has "ndev": "2", not a whole number from 1 to 8'],
      [{ fences: null, evict: 4 }, 'The header has "evict": 4, not a whole number from 0 to 3'],
      [{ tt: 1.5 }, 'The header has "tt": 1.5, not a whole number from 0 to 16777216'],
    ] as const
  ) assertEquals(await refusal([changed(header, change)]), [1, message]);
});

Deno.test("a header with impossible values is refused with the part's message", async () => {
  const [line, message] = await refusal(['{"hdr":1,"kind":"buddy","size":12288,"chunk":12288}']);
  assertEquals(line, 1);
  assert(message.startsWith("The header cannot be followed: Cannot "), message);
  const hop = await refusal([changed(header, { hop: 1, vram_tt: 1 })]);
  assertEquals(hop, [1, "The header cannot be followed: A hop to VRAM with host pages is not replayed"]);
});

const values: readonly unknown[] = [undefined, null, -1, 0, 1, 2, 1e9, 2 ** 53, 0.5, "1", [], {}, true];

for (const kind of kinds) {
  Deno.test(`a trace with any header of ${kind} is either compared or refused at a line`, async () => {
    const fields = kind === "mm" || kind === "buddy"
      ? ["start", "size", "color", "chunk"]
      : Object.keys(JSON.parse(header));
    const plain = { hdr: 1, kind, vram: 64, tt: 8, size: 2 ** 20, chunk: 4096 };
    const own: Readonly<Record<string, readonly string[]>> = { ttmt: ticketOperations, ttmw: waiterOperations };
    const body = (own[kind] ?? operations).slice(0, 3);
    for (const field of fields.filter((name) => !["hdr", "kind"].includes(name))) {
      for (const value of values) {
        const lines = [JSON.stringify({ ...plain, [field]: value }), ...body];
        // deno-lint-ignore require-await -- so that a throw and a rejection look the same
        const run = (async () => replayLines(lines))();
        const outcome = await run.then(({ first }) => JSON.stringify(first) ?? "", (error: Error) => {
          assert(error instanceof TraceError && error.line >= 1, String(error));
          return "";
        });
        assert(!outcome.includes("TypeError"), outcome);
      }
    }
  });
}

Deno.test("an operation whose field is missing or wrong is refused at its line", async () => {
  const [create = "", next = ""] = operations;
  for (
    const [change, message] of [
      [{ op: "fly" }, 'There is no operation "fly" in its family'],
      [{ op: undefined }, "There is no operation undefined in its family"],
      [{ bo: undefined }, 'create has "bo": undefined, not a whole number from 0 to 9007199254740991'],
      [{ pages: 0 }, 'create has "pages": 0, not a whole number from 1 to 16777216'],
      [{ dev: 1 }, 'create has "dev": 1, not a whole number from 0 to 0'],
      [{ prio: 4 }, 'create has "prio": 4, not a whole number from 0 to 3'],
      [{ rv: 0 }, 'create has "rv": 0, not a whole number from -1 to -1'],
      [{ pl: 5 }, 'create has "pl": 5, not a list of what it should be'],
      [{ pl: [[2, 0, 0]] }, 'create has "pl": [[2,0,0]], not a list of what it should be'],
      [{ pl: [[3, 0, 0, 0]] }, 'create has "pl": [[3,0,0,0]], not a list of what it should be'],
      [{ bos: undefined }, 'create has no list "bos" of what is there after it'],
      [{ bos: [5] }, 'create has no list "bos" of what is there after it'],
    ] as const
  ) {
    assertEquals(await refusal([header, changed(create, change), next]), [2, message]);
    assertEquals(await refusal([header, create, "", changed(create, change)]), [4, message]);
  }
  assertEquals(await refusal([header, create, "{"]), [3, "It is no JSON object"]);
});

Deno.test("an operation on an unknown object is refused, unless a difference came before", async () => {
  const [create = ""] = operations;
  const { bo } = JSON.parse(create);
  const missing = changed(create, { op: "touch", bo: bo + 1, ev: [], moved: 0, ret: 0 });
  assertEquals(await refusal([header, create, missing]), [3, `Buffer ${bo + 1} is not there`]);
  assertEquals(await refusal([header, create, create]), [3, `Buffer ${bo} is created twice`]);
  const signal = changed(create, { op: "signal", f: 0 });
  assertEquals(await refusal([header, signal]), [2, "Fence 0 is not there"]);
  const { divergences, first } = await replayLines([header, changed(create, { moved: 99 }), missing]);
  assertEquals([divergences, first?.operation], [2, 0]);
  for (const [op, what] of [["lock", "Ticket"], ["exec_lock", "Exec"]]) {
    const lock = { bos: [], lk: [], acq: [], ex: [], op, c: 3, bo: 0, sig: 0 };
    const [first = ""] = ticketOperations;
    assertEquals(await refusal([ticketHeader, first, JSON.stringify(lock)]), [3, `${what} 3 is not there`]);
  }
});
