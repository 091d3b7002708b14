import { assertEquals } from "@std/assert";
import { LinkedLists, nodeOf } from "./linked_lists.ts";

function listOf(...entries: readonly number[]): { readonly lists: LinkedLists; readonly head: number } {
  const lists = new LinkedLists();
  const head = lists.takeMark();
  for (const entry of entries) {
    lists.admit(nodeOf(entry));
    lists.moveBefore(nodeOf(entry), head);
  }
  return { lists, head };
}

Deno.test("the next and the previous entry are looked for beyond marks, and go round", () => {
  const { lists, head } = listOf(4, 9);
  lists.moveBefore(lists.takeMark(), nodeOf(9));
  assertEquals([lists.nextEntry(head), lists.nextEntry(nodeOf(4)), lists.nextEntry(nodeOf(9))], [4, 9, 4].map(nodeOf));
  assertEquals([lists.previousEntry(head), lists.previousEntry(nodeOf(9))], [9, 4].map(nodeOf));
});

Deno.test("without any other entry the next and the previous one are the node itself", () => {
  const empty = listOf();
  empty.lists.moveBefore(empty.lists.takeMark(), empty.head);
  assertEquals([empty.lists.nextEntry(empty.head), empty.lists.previousEntry(empty.head)], [empty.head, empty.head]);
  const { lists } = listOf(3);
  assertEquals([lists.nextEntry(nodeOf(3)), lists.previousEntry(nodeOf(3))], [nodeOf(3), nodeOf(3)]);
});
