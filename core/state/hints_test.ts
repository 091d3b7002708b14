import { assertEquals } from "@std/assert";
import type { BufferRecord } from "./buffer_record.ts";
import { Hints } from "./hints.ts";

/** Hints of buffers that are named by letters; `told` lists the changes. */
function make(sequence: string) {
  const buffers = new Map([..."abcdefgh"].map((name) => [name, { name } as unknown as BufferRecord]));
  const told: string[] = [];
  const nameOf = (buffer: BufferRecord) => (buffer as unknown as { name: string }).name;
  const hints: Hints<BufferRecord> = new Hints<BufferRecord>(
    (buffer) => void told.push(`${nameOf(buffer)}${hints.next(buffer)}`),
    () => 1,
  );
  const list = (names: string) => [...names].map((name) => buffers.get(name) as BufferRecord);
  hints.replace(list(sequence));
  return {
    hints,
    replace: (names: string) => hints.replace(list(names)),
    use: (names: string) => hints.use(list(names)),
    drop: (names: string) => list(names).forEach((buffer) => hints.drop(buffer)),
    next: (names: string) => list(names).map((buffer) => hints.next(buffer)),
    left: (from = 0) => [...hints.from(from)].map(([turn, buffer]) => `${turn}${nameOf(buffer)}`).join(" "),
    told: () => told.splice(0).sort().join(" "),
  };
}

Deno.test("each use of a buffer has a turn, and its next one counts", () => {
  const { hints, use, next, left, told } = make("abacb");
  assertEquals([next("abcd"), told()], [[0, 1, 3, Infinity], "a0 b1 c3"]);
  use("a");
  assertEquals([next("abc"), told(), left()], [[2, 1, 3], "a2", "1b 2a 3c 4b"]);
  use("cab");
  assertEquals([next("abc"), told(), left(), hints.isEmpty], [
    [Infinity, 4, Infinity],
    "aInfinity b4 cInfinity",
    "4b",
    false,
  ]);
  use("b");
  assertEquals([left(), hints.isEmpty], ["", true]);
});

Deno.test("a new hint replaces the last one, and who is in neither is not told of", () => {
  const { replace, use, next, left, told } = make("abc");
  use("a");
  told();
  replace("cd");
  assertEquals([next("abcd"), told(), left()], [[Infinity, Infinity, 0, 1], "bInfinity c0 d1", "0c 1d"]);
  replace("");
  assertEquals([next("cd"), told()], [[Infinity, Infinity], "cInfinity dInfinity"]);
});

Deno.test("a use that does not come is given up when three submissions in a row have used later ones", () => {
  const { use, left } = make("abcdefgh");
  use("c");
  use("d");
  assertEquals(left(), "0a 1b 4e 5f 6g 7h");
  use("e");
  assertEquals(left(), "5f 6g 7h");
});

Deno.test("submissions that use something out of its turn give nothing up", () => {
  const { use, left } = make("abcdefgh");
  for (const one of ["h", "a", "g", "b", "f", "c"]) use(one);
  assertEquals(left(), "3d 4e");
  use("eh");
  use("d");
  assertEquals(left(), "");
});

Deno.test("submissions that use nothing expected say nothing", () => {
  const { use, left } = make("abcd");
  for (const one of ["b", "g", "c", "g", ""]) use(one);
  assertEquals(left(), "0a 3d");
});

Deno.test("a buffer that is dropped is expected no more, wherever it stands", () => {
  const { use, drop, next, left, told } = make("abacd");
  told();
  drop("ae");
  assertEquals([next("a"), told(), left()], [[Infinity], "aInfinity", "1b 3c 4d"]);
  use("b");
  use("c");
  assertEquals([left(), left(4)], ["4d", "4d"]);
});

/** Hints of 400 buffers in turn, of which those come that are right. */
function played(isRight: (turn: number) => boolean): Hints<object> {
  const buffers = Array.from({ length: 400 }, () => ({}));
  const hints = new Hints<object>(() => {}, () => 1);
  hints.replace(buffers);
  for (const [turn, buffer] of buffers.entries()) if (isRight(turn)) hints.use([buffer]);
  return hints;
}

Deno.test("hints are followed and reliable as long as nearly all are right", () => {
  const kinds = [
    () => true,
    (turn: number) => turn % 20 > 0,
    (turn: number) => turn % 4 > 0,
    (turn: number) => turn % 2 > 0,
  ];
  assertEquals(kinds.map((isRight) => played(isRight).areFollowed), [true, true, false, false]);
  assertEquals(kinds.map((isRight) => played(isRight).areReliable), [true, true, false, false]);
  assertEquals(played((turn) => turn > 200 || turn % 2 > 0).areReliable, true, "those that come true again");
});

Deno.test("hints that keep the right buffers are followed, others are not, until they do", () => {
  const [a, b] = [{}, {}];
  const hints = played((turn) => turn % 4 > 0);
  hints.compare(a, b, 8);
  hints.use([b]);
  assertEquals([hints.areFollowed, hints.areReliable, hints.isIdle], [true, false, true]);
  for (let time = 0; time < 2; time++) {
    hints.compare(a, b, 8);
    hints.drop(b);
    assertEquals(hints.isIdle, false);
    hints.drop(a);
  }
  hints.compare(a, b, 8);
  hints.use([a]);
  assertEquals(hints.areFollowed, true);
  hints.compare(a, b, 8);
  hints.use([a]);
  assertEquals(hints.areFollowed, false);
});

Deno.test("a use long before its turn leaves the turn as it is, and a part that is left out is given up", () => {
  const buffers = Array.from({ length: 300 }, () => ({}));
  const hints = new Hints<object>(() => {}, () => 1);
  hints.replace(buffers);
  hints.use([buffers[200] as object]);
  assertEquals([hints.next(buffers[200] as object), hints.next(buffers[0] as object)], [200, 0]);
  for (const buffer of buffers.slice(200, 220)) hints.use([buffer]);
  assertEquals([hints.next(buffers[0] as object), hints.next(buffers[199] as object)], [Infinity, Infinity]);
});
