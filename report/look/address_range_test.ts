import { assertEquals } from "@std/assert";
import { AddressRange } from "./address_range.ts";

const shown = ({ low, high }: AddressRange) => [low, high];

Deno.test("a range that is zoomed keeps a page in its place, and ends where the addresses end", () => {
  const range = new AddressRange(800);
  range.zoom(0.5, 200);
  assertEquals([shown(range), range.at(0.25)], [[100, 500], 200]);
  range.zoom(0.5, 500);
  assertEquals(shown(range), [300, 500]);
  range.zoom(3, 500);
  assertEquals(shown(range), [0, 600]);
  range.zoom(3, 300);
  assertEquals(shown(range), [0, 800]);
});

Deno.test("a range is at least one page, and pans no further than to the ends", () => {
  const range = new AddressRange(800);
  range.zoom(1e-9, 400);
  assertEquals(range.high - range.low, 1);
  range.showAll();
  range.zoom(0.25, 0);
  range.pan(0.5);
  assertEquals(shown(range), [100, 300]);
  range.pan(9);
  assertEquals(shown(range), [600, 800]);
  range.pan(-9);
  assertEquals(shown(range), [0, 200]);
});
