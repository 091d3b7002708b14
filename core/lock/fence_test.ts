import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type Fence, FenceContext, TtmError } from "../mod.ts";

Deno.test("FenceContext numbers its fences from 1 and names them", () => {
  const line = new FenceContext("copy");
  const fences = [line.next(), line.next()];
  assertEquals(fences.map(String), ["copy#1", "copy#2"]);
  assertEquals(fences.map((fence) => fence.seqno), [1, 2]);
  assert(fences.every((fence) => fence.context === line && !fence.signalled && fence.error === undefined));
});

Deno.test("signal() calls callbacks once, in the order in which they were added, with the error", () => {
  for (const error of [undefined, new Error("lost"), null]) {
    const fence = new FenceContext("gpu").next();
    const seen: unknown[] = [];
    fence.onSignal((reason) => seen.push("first", reason, fence.signalled, fence.error));
    fence.onSignal((reason) => seen.push("second", reason));
    fence.signal(error);
    fence.signal(new Error("again"));
    assertEquals(seen, ["first", error, true, error, "second", error]);
    assertStrictEquals(fence.error, error);
  }
});

Deno.test("onSignal() of a signalled fence calls back at once", () => {
  const fence = new FenceContext("gpu").next();
  const error = new Error("lost");
  fence.signal(error);
  const seen: unknown[] = [];
  fence.onSignal((reason) => seen.push(reason))();
  assertEquals(seen, [error]);
});

Deno.test("the function that onSignal() returns removes only that callback", () => {
  const fence = new FenceContext("gpu").next();
  const seen: string[] = [];
  const forgetA = fence.onSignal(() => seen.push("a"));
  fence.onSignal(() => seen.push("b"));
  forgetA();
  forgetA();
  fence.signal();
  assertEquals(seen, ["b"]);
});

Deno.test("removing a callback while the fence signals does not affect the others", () => {
  const fence = new FenceContext("gpu").next();
  const seen: string[] = [];
  const forgetA = fence.onSignal(() => {
    forgetA();
    seen.push("a");
  });
  fence.onSignal(() => seen.push("b"));
  fence.onSignal(() => seen.push("c"));
  fence.signal();
  assertEquals(seen, ["a", "b", "c"]);
});

Deno.test("a callback that an earlier callback removes is not called", () => {
  const fence = new FenceContext("gpu").next();
  const seen: string[] = [];
  fence.onSignal(() => {
    forgetB();
    seen.push("a");
  });
  const forgetB = fence.onSignal(() => seen.push("b"));
  fence.onSignal(() => seen.push("c"));
  fence.signal();
  assertEquals(seen, ["a", "c"]);
});

Deno.test("a callback that was added twice can be removed once", () => {
  const fence = new FenceContext("gpu").next();
  let calls = 0;
  const callback = () => calls++;
  const [forget] = [fence.onSignal(callback), fence.onSignal(callback)];
  forget();
  fence.signal();
  assertEquals(calls, 1);
});

Deno.test("a callback that calls onSignal() again is called at once", () => {
  const fence = new FenceContext("gpu").next();
  const seen: string[] = [];
  fence.onSignal(() => {
    fence.onSignal(() => seen.push("inner"));
    seen.push("outer");
  });
  fence.signal();
  assertEquals(seen, ["inner", "outer"]);
});

Deno.test("a fence is a promise that resolves when it signals and rejects with its error", async () => {
  const line = new FenceContext("gpu");
  const [good, bad] = [line.next(), line.next()];
  const settled = [good.settled(), bad.settled()];
  good.signal();
  bad.signal("lost");
  assertEquals(await Promise.allSettled([...settled, good.settled()]), [
    { status: "fulfilled", value: undefined },
    { status: "rejected", reason: "lost" },
    { status: "fulfilled", value: undefined },
  ]);
});

Deno.test("a fence made from a promise signals when the promise settles, with its error", async () => {
  const line = new FenceContext("gpu");
  const work = Promise.withResolvers<void>();
  const [good, bad, silent] = [
    line.follow(work.promise),
    line.follow(Promise.reject("lost")),
    line.follow(Promise.reject()),
  ];
  assertEquals([good.seqno, good.signalled], [1, false]);
  work.resolve();
  await Promise.allSettled([good.settled(), bad.settled(), silent.settled()]);
  assertEquals([good.error, bad.error, silent.error instanceof Error], [undefined, "lost", true]);
});

Deno.test("signalling a fence before earlier ones of its timeline is refused, and nothing has changed", () => {
  const line = new FenceContext("copies");
  const [first, second, third] = [line.next(), line.next(), line.next()] as [Fence, Fence, Fence];
  const seen: string[] = [];
  for (const fence of [first, second, third]) fence.onSignal(() => seen.push(String(fence)));
  const error = assertThrows(
    () => third.signal(),
    TtmError,
    "Cannot signal copies#3: copies#1 was made before it and has not signalled",
  );
  assertEquals([error.code, third.signalled, seen], ["EINVAL", false, []]);
  first.signal(new Error("lost"));
  assertThrows(() => third.signal(), TtmError, "copies#2 was made before it");
  second.signal();
  third.signal();
  assertEquals(seen, ["copies#1", "copies#2", "copies#3"]);
});

Deno.test("a callback may signal the next fence of the timeline", () => {
  const line = new FenceContext("copies");
  const [first, second] = [line.next(), line.next()];
  first.onSignal(() => second.signal());
  first.signal();
  assertEquals(second.signalled, true);
});

Deno.test("fences that follow promises signal in the order of their timeline, whichever settles first", async () => {
  const line = new FenceContext("readback");
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const seen: unknown[] = [];
  const fences = [line.follow(first.promise), line.follow(second.promise)];
  for (const fence of fences) fence.onSignal((error) => seen.push(String(fence), error));
  second.reject("lost");
  await second.promise.catch(() => {});
  await Promise.resolve();
  assertEquals([seen, fences.map(({ signalled }) => signalled)], [[], [false, false]]);
  first.resolve();
  await Promise.allSettled(fences.map((fence) => fence.settled()));
  assertEquals(seen, ["readback#1", undefined, "readback#2", "lost"]);
});

Deno.test("a fence asks for its signal once, when somebody first waits for it", async () => {
  const line = new FenceContext("queue");
  const asked: string[] = [];
  const [first, second, third] = ["first", "second", "third"].map((name) => line.next(() => asked.push(name)));
  const seen: string[] = [];
  second?.observe(() => seen.push("second"));
  assertEquals(asked, []);
  second?.onSignal(() => {});
  second?.onSignal(() => {})();
  assertEquals(asked, ["second"]);
  first?.enableSignaling();
  first?.enableSignaling();
  assertEquals(asked, ["second", "first"]);
  for (const fence of [first, second, third]) fence?.signal();
  await third?.settled();
  third?.enableSignaling();
  assertEquals([asked, seen], [["second", "first"], ["second"]]);
});

Deno.test("a fence may signal as soon as it is asked to", () => {
  const fence = new FenceContext("queue").next(() => fence.signal("lost"));
  const seen: unknown[] = [];
  fence.onSignal((error) => seen.push(error));
  assertEquals([seen, fence.signalled], [["lost"], true]);
});

Deno.test("a chain of 100,000 fences, each signalled by the callback of the one before, signals in order", () => {
  const count = 100_000;
  const chain = Array.from({ length: count }, (_, at) => new FenceContext(`link ${at}`).next());
  const seen: number[] = [];
  for (const [at, link] of chain.entries()) {
    link.onSignal(() => {
      seen.push(at);
      chain[at + 1]?.signal();
    });
  }
  chain[0]?.signal();
  assertEquals([seen.length, seen.every((at, index) => at === index)], [count, true]);
});

Deno.test("100,000 promises that one timeline follows may settle while the first has not", async () => {
  const context = new FenceContext("queue");
  let settleFirst = () => {};
  const first = context.follow(new Promise<void>((resolve) => settleFirst = resolve));
  let last = first;
  for (let at = 1; at < 100_000; at++) last = context.follow(Promise.resolve());
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(last.signalled, false);
  settleFirst();
  await last.settled();
  assertEquals([first.signalled, last.signalled], [true, true]);
});

Deno.test("the callbacks of fences that a callback signals run when it has returned, before the remaining ones", () => {
  const [outer, first, second] = ["outer", "first", "second"].map((name) => new FenceContext(name).next());
  const seen: string[] = [];
  const note = (text: string) => () => void seen.push(text);
  let forget = () => {};
  outer?.onSignal(() => {
    first?.signal("why");
    second?.signal();
    forget();
    seen.push(`returns, ${first?.signalled}`);
  });
  outer?.onSignal(note("remaining"));
  first?.onSignal((error) => seen.push(`first, ${error}`));
  forget = first?.onSignal(note("forgotten")) ?? forget;
  second?.onSignal(note("second"));
  outer?.signal();
  assertEquals(seen, ["returns, true", "first, why", "second", "remaining"]);
});

Deno.test("an error of a callback comes from the outermost signal(), and the next one starts anew", () => {
  const [outer, inner, later] = ["outer", "inner", "later"].map((name) => new FenceContext(name).next());
  const seen: string[] = [];
  outer?.onSignal(() => inner?.signal());
  outer?.onSignal(() => seen.push("remaining"));
  inner?.onSignal(() => {
    throw new Error("broken");
  });
  later?.onSignal(() => seen.push("later"));
  assertThrows(() => outer?.signal(), Error, "broken");
  later?.signal();
  assertEquals(seen, ["remaining", "later"]);
});
