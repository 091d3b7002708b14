import { assertEquals } from "@std/assert";
import { isMark, LinkedLists } from "./linked_lists.ts";

function listOf(...entries: readonly number[]): { readonly lists: LinkedLists; readonly head: number } {
  const lists = new LinkedLists();
  const head = lists.takeMark();
  for (const entry of entries) {
    lists.admit(entry);
    lists.moveBefore(entry, head);
  }
  return { lists, head };
}

Deno.test("the next and the previous entry are looked for beyond marks, and go round", () => {
  const { lists, head } = listOf(4, 9);
  lists.moveBefore(lists.takeMark(), 9);
  assertEquals([lists.nextEntry(head), lists.nextEntry(4), lists.nextEntry(9)], [4, 9, 4]);
  assertEquals([lists.previousEntry(head), lists.previousEntry(9)], [9, 4]);
});

Deno.test("without any other entry the next and the previous one are the node itself", () => {
  const empty = listOf();
  empty.lists.moveBefore(empty.lists.takeMark(), empty.head);
  assertEquals([empty.lists.nextEntry(empty.head), empty.lists.previousEntry(empty.head)], [empty.head, empty.head]);
  const { lists } = listOf(3);
  assertEquals([lists.nextEntry(3), lists.previousEntry(3)], [3, 3]);
});

Deno.test("lists keep their order while room for more marks and entries is made", () => {
  const lists = new LinkedLists();
  const heads: number[] = [];
  for (let list = 0; list < 100; list++) {
    const head = lists.takeMark();
    heads.push(head);
    for (let entry = 3 * list; entry < 3 * list + 3; entry++) {
      lists.admit(entry);
      lists.moveBefore(entry, head);
    }
  }
  assertEquals(heads.filter(isMark), heads);
  const expected = heads.map((_, list) => [3 * list, 3 * list + 1, 3 * list + 2]);
  assertEquals(heads.map((head) => [...lists.entries(head)]), expected);
});

Deno.test("a mark that is taken again is in a list of its own", () => {
  const lists = new LinkedLists();
  const [head, position] = [lists.takeMark(), lists.takeMark()];
  lists.admit(7);
  lists.moveBefore(7, head);
  lists.moveBehind(position, 7);
  assertEquals([lists.next(7), lists.nextEntry(head), [...lists.entries(head)]], [position, 7, [7]]);
  lists.giveMark(position);
  const again = lists.takeMark();
  assertEquals([lists.next(again), lists.next(7), lists.previous(head)], [again, head, 7]);
});
