import { assertEquals } from "@std/assert";
import { Reliability } from "./reliability.ts";

/** Hints about buffers of one page, some of which have been wrong before. */
function make(wrong = 0) {
  const reliability = new Reliability<string>(() => 1);
  for (let use = 0; use < 10; use++) reliability.note(use >= wrong);
  /** Buffers stand against each other, those by hints first; then some are used, and those in capitals released. */
  const play = (pairs: string, then: string) => {
    for (const pair of pairs.split(" ")) reliability.compare(pair[0] as string, pair[1] as string, 8);
    for (const name of then) {
      if (name === name.toLowerCase()) reliability.use(name);
      else reliability.release(name.toLowerCase());
    }
    return [reliability.areFollowed, reliability.isSettled];
  };
  return { reliability, play };
}

Deno.test("before anything is known hints are followed as long as nearly all are right", () => {
  for (const [wrong, isFollowed] of [[0, true], [1, true], [2, false], [10, false]] as const) {
    const { reliability } = make(wrong);
    assertEquals([reliability.areFollowed, reliability.areNearlyAllRight], [isFollowed, isFollowed], `${wrong}`);
  }
});

Deno.test("of two the one that is used first should have stayed, however many hints are right", () => {
  for (const wrong of [0, 10]) {
    assertEquals(make(wrong).play("vw", ""), [wrong === 0, false]);
    assertEquals(make(wrong).play("vw", "wv"), [true, true]);
    assertEquals(make(wrong).play("vw", "vw"), [false, true]);
    // As many times are not enough, since some come by chance.
    assertEquals(make(wrong).play("ab cd ef gh", "bdeg"), [false, true]);
    assertEquals(make(wrong).play("ab cd ef gh ij", "bdfgi"), [true, true]);
  }
});

Deno.test("who is released before the other one is used was rightly evicted, and wrongly if both are released", () => {
  for (const wrong of [0, 10]) {
    assertEquals(make(wrong).play("vw", "V"), [wrong === 0, false]);
    assertEquals(make(wrong).play("vw", "Vw"), [true, true]);
    assertEquals(make(wrong).play("vw", "Wv"), [false, true]);
    assertEquals(make(wrong).play("vw", "VW"), [false, true]);
    assertEquals(make(wrong).play("vw", "WV"), [true, true]);
  }
});

Deno.test("one buffer may stand against many, and the same two stand against each other once", () => {
  const { play } = make(10);
  assertEquals(play("va vb vc", "v"), [false, true]);
  assertEquals(play("va vb vc vd ve vf vg", "abcdefg"), [true, true]);
  assertEquals(make(10).play("va va va bw wc cd", "wab"), [true, false]);
});

Deno.test("what has come lately counts most", () => {
  const { play } = make();
  for (let time = 0; time < 1000; time++) play("vw", "vw");
  assertEquals(play("vw", "vw"), [false, true]);
  for (let time = 0; time < 12; time++) play("vw", "wv");
  assertEquals(play("vw", "wv"), [true, true]);
});
