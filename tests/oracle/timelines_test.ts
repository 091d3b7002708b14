import { assertEquals } from "@std/assert";
import { Timelines } from "./timelines.ts";

Deno.test("a fence that signals with an error signals earlier ones of its timeline without it", () => {
  const timelines = new Timelines();
  const [first, second, third, other] = [1, 1, 1, 2].map((timeline, id) => timelines.get(id, timeline));
  if (second === undefined) throw new Error("there are four");
  timelines.signal(second, -5);
  assertEquals([first, second, third, other].map((fence) => fence?.signalled), [true, true, false, false]);
  assertEquals([first?.error, second.error, timelines.made], [undefined, -5, 4]);
});
