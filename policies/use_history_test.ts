import { assert, assertEquals } from "@std/assert";
import { UseHistory } from "./use_history.ts";

/** Uses buffers that are named by letters. */
function used(letters: string, history = new UseHistory()): UseHistory {
  for (const letter of letters) history.use(letter.charCodeAt(0));
  return history;
}

/** In how many uses each buffer is expected, 0 for the next one. */
function ahead(history: UseHistory, letters: string): number[] {
  return [...letters].map((letter) => history.next(letter.charCodeAt(0)) - history.time);
}

Deno.test("a loop is one once it has been seen twice", () => {
  assertEquals(["", "a", "abc", "abcab", "abcabc"].map((uses) => used(uses).isLoop), [
    false,
    false,
    false,
    false,
    true,
  ]);
  assertEquals(ahead(used("abcabc"), "abcd"), [0, 1, 2, Infinity]);
  assertEquals(ahead(used("abcabca"), "abc"), [2, 0, 1]);
});

Deno.test("buffers that a loop uses several times are expected each time", () => {
  const history = used("akbkckakbkck");
  assertEquals([history.isLoop, ahead(history, "abck")], [true, [0, 2, 4, 1]]);
  assertEquals(ahead(used("ak", history), "abck"), [4, 0, 2, 1]);
});

Deno.test("a loop stays one if a buffer joins it, leaves it or comes in between once", () => {
  const round = "abcdefghijklmnopqrstuvwxyz";
  for (const changed of [`${round}AB`, round.slice(3), `abcdef*${round.slice(6)}`]) {
    const history = used(round + round + changed);
    assert(history.isLoop, changed);
    used(changed, history);
    assert(history.isLoop, changed);
    assertEquals(ahead(history, changed.slice(0, 9)), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  }
});

Deno.test("a buffer that has left the loop is not expected", () => {
  const history = used("abcdefghijklmnopabcdefghijklmnop");
  used("abcdeghijklmnopabc", history);
  assertEquals(ahead(history, "fd"), [Infinity, 0]);
});

Deno.test("a loop that is over is none any more", () => {
  const history = used("abcdefghabcdefgh");
  assert(history.isLoop);
  used("hgfedcba", history);
  assert(!history.isLoop);
  used("acegbdfh", history);
  assert(!history.isLoop);
});

Deno.test("uses in no order are no loop", () => {
  const history = new UseHistory();
  let [seed, loops] = [7, 0];
  for (let turn = 0; turn < 5000; turn++) {
    seed = seed * 48271 % 2147483647;
    history.use(seed % 50);
    if (history.isLoop) loops++;
  }
  assert(loops < 500, `${loops} of 5000`);
});

Deno.test("loops may be long, but not longer than what is remembered", () => {
  for (const [length, isLoop] of [[65_000, true], [66_000, false]] as const) {
    const history = new UseHistory();
    for (let turn = 0; turn < 2 * length; turn++) history.use(turn % length);
    assertEquals([history.isLoop, history.next(5) === history.time + 5], [isLoop, isLoop]);
  }
});
