import { assertRefused, HEADER, traceFile } from "./trace_testing.ts";

const ALLOC = { t: 0, op: "alloc", id: 7, bytes: 4096 };
const USE = { t: 0, op: "use", id: 7 };

/** Fails unless the last of the lines is refused. JSON text stands for numbers that objects cannot hold. */
async function refused(lines: readonly (object | string)[], why: string): Promise<void> {
  await assertRefused(traceFile([HEADER, ...lines]), lines.length + 1, why);
}

/** Values that are not whole numbers, as JSON text and as shown in messages. */
const NOT_WHOLE = [
  ["1.5", "1.5"],
  ["1e300", "1e+300"],
  ["1e999", "Infinity"],
  ["9007199254740993", "9007199254740992"],
  ['"NaN"', '"NaN"'],
  ['"12"', '"12"'],
  ["null", "null"],
  ["true", "true"],
  ["[1]", "a list"],
  ["{}", "an object"],
] as const;

const ANY = "a whole number from -9007199254740991 to 9007199254740991";
const FROM_0 = "a whole number from 0 to 9007199254740991";
const FROM_1 = "a whole number from 1 to 1125899906842624";

Deno.test("an event of an unknown kind is refused", async () => {
  const why = 'Cannot replay the event: op must be "alloc", "use" or "free", but is ';
  await refused([{ t: 0, op: "move", id: 1 }], `${why}"move"`);
  await refused([{ t: 0, id: 1 }], `${why}missing`);
  await refused([{ t: 0, op: ["alloc"], id: 1 }], `${why}a list`);
});

Deno.test("bytes must be a whole number from 1", async () => {
  const why = `Cannot replay alloc of buffer 7: bytes must be ${FROM_1}, but is `;
  for (const [json, shown] of [...NOT_WHOLE, ["0", "0"], ["-1", "-1"]]) {
    await refused([`{"t":0,"op":"alloc","id":7,"bytes":${json}}`], why + shown);
  }
  await refused([{ t: 0, op: "alloc", id: 7 }], `${why}missing`);
});

Deno.test("t must be a whole number from 0", async () => {
  const why = `Cannot replay free of buffer 7: t must be ${FROM_0}, but is `;
  for (const [json, shown] of [...NOT_WHOLE, ["-1", "-1"]]) {
    await refused([ALLOC, `{"t":${json},"op":"free","id":7}`], why + shown);
  }
  await refused([ALLOC, { op: "free", id: 7 }], `${why}missing`);
});

Deno.test("id must be a whole number", async () => {
  for (const [json, shown] of NOT_WHOLE) {
    await refused([`{"t":0,"op":"use","id":${json}}`], `Cannot replay use: id must be ${ANY}, but is ${shown}`);
  }
  await refused([{ t: 0, op: "free" }], `Cannot replay free: id must be ${ANY}, but is missing`);
});

Deno.test("job, w, dur and ctx may be missing, but otherwise must be whole numbers in their range", async () => {
  const why = "Cannot replay use of buffer 7:";
  for (const [json, shown] of NOT_WHOLE) {
    const use = (field: string) => `{"t":0,"op":"use","id":7,"${field}":${json}}`;
    await refused([ALLOC, use("job")], `${why} job must be ${ANY}, but is ${shown}`);
    await refused([ALLOC, use("ctx")], `${why} ctx must be ${ANY}, but is ${shown}`);
    await refused([ALLOC, use("dur")], `${why} dur must be ${FROM_0}, but is ${shown}`);
    await refused([ALLOC, use("w")], `${why} w must be a whole number from 0 to 1, but is ${shown}`);
  }
  await refused([ALLOC, { ...USE, dur: -1 }], `${why} dur must be ${FROM_0}, but is -1`);
  await refused([ALLOC, { ...USE, w: 2 }], `${why} w must be a whole number from 0 to 1, but is 2`);
});

Deno.test("a tag must be a string", async () => {
  await refused([{ ...ALLOC, tag: 3 }], "Cannot replay alloc of buffer 7: tag must be a string, but is 3");
});
