import { assertEquals } from "@std/assert";
import { replayLines } from "./families.ts";

const header = '{"hdr":1,"kind":"ttmt","seed":0,"profile":"by hand","vram":4,"tt":0,"evict":0,"hop":0,"nt":1,"nx":2}';

/** Two buffers of one page in SYSTEM, and what is locked by whom. */
const state = (lk: number[][], acq: number[][], ex: unknown[]) => ({
  lk,
  acq,
  ex,
  bos: [[0, 0, 0, 1, 0, 0, 0, 5, 1, 0, -1, -1], [1, 0, 0, 1, 0, 0, 0, 5, 1, 0, -1, -1]],
  lru: { 0: [[0, 1], [], [], []], 2: [[], [], [], []] },
  pinned: [],
  use: [2, 0, 0],
});

function create(bo: number) {
  const made = { op: "create", bo, dev: 0, pages: 1, align: 0, prio: 0, rv: -1, bulk: 0, are: 0, nw: 0, cd: 0 };
  const both = state([], [], []);
  const there = bo === 0
    ? { ...both, bos: [both.bos[0]], lru: { ...both.lru, 0: [[0], [], [], []] }, use: [1, 0, 0] }
    : both;
  return { ...made, pl: [[0, 0, 0, 0]], ev: [[bo, 0, -1, -1, 0, 0, 0, -1, -1]], ret: 0, moved: 1, ...there };
}

/** What the rules of drm_exec ask for, worked out by hand: 3 is older than 4, which has to give buffer 1 up. */
const operations = [
  create(0),
  create(1),
  { op: "exec_init", c: 3, flags: 0, ret: 0, ...state([], [], [[3, [], -1, -1]]) },
  { op: "exec_cleanup", c: 3, ret: 1, ...state([], [[3, 0]], [[3, [], -1, -1]]) },
  { op: "exec_init", c: 4, flags: 3, ret: 0, ...state([], [[3, 0]], [[3, [], -1, -1], [4, [], -1, -1]]) },
  { op: "exec_cleanup", c: 4, ret: 1, ...state([], [[3, 0], [4, 0]], [[3, [], -1, -1], [4, [], -1, -1]]) },
  { op: "exec_lock", c: 3, bo: 0, ret: 0, ...state([[0, 3]], [[3, 1], [4, 0]], [[3, [0], -1, -1], [4, [], -1, -1]]) },
  {
    op: "exec_lock",
    c: 4,
    bo: 1,
    ret: 0,
    ...state([[0, 3], [1, 4]], [[3, 1], [4, 1]], [[3, [0], -1, -1], [4, [1], -1, -1]]),
  },
  {
    op: "exec_lock",
    c: 4,
    bo: 1,
    ret: 0,
    ...state([[0, 3], [1, 4]], [[3, 1], [4, 1]], [[3, [0], -1, -1], [4, [1], -1, -1]]),
  },
  {
    op: "exec_lock",
    c: 3,
    bo: 0,
    ret: -114,
    ...state([[0, 3], [1, 4]], [[3, 1], [4, 1]], [[3, [0], -1, -1], [4, [1], -1, -1]]),
  },
  {
    op: "exec_lock",
    c: 4,
    bo: 0,
    ret: -35,
    ...state([[0, 3], [1, 4]], [[3, 1], [4, 1]], [[3, [0], -1, -1], [4, [1], 0, -1]]),
  },
  { op: "exec_cleanup", c: 4, ret: 1, ...state([[0, 3]], [[3, 1], [4, 0]], [[3, [0], -1, -1], [4, [], 0, -1]]) },
  {
    op: "exec_lock",
    c: 4,
    bo: 1,
    sig: 1,
    ret: -4,
    ...state([[0, 3]], [[3, 1], [4, 0]], [[3, [0], -1, -1], [4, [], -1, -1]]),
  },
  { op: "exec_unlock", c: 3, bo: 0, ret: 0, ...state([], [[3, 0], [4, 0]], [[3, [], -1, -1], [4, [], -1, -1]]) },
  { op: "exec_cleanup", c: 3, ret: 0, ...state([], [[3, 0], [4, 0]], [[3, [], -1, -1], [4, [], -1, -1]]) },
  { op: "exec_fini", c: 3, ret: 0, ...state([], [[4, 0]], [[4, [], -1, -1]]) },
];

const replay = (of: readonly object[]) =>
  replayLines([header, ...of.map((operation, i) => JSON.stringify({ i, ...operation })), ""]);

Deno.test("operations of execs are replayed as drm_exec does them", async () => {
  assertEquals(await replay(operations), { operations: operations.length, divergences: 0 });
});

Deno.test("a changed result of an exec is a divergence at its operation", async () => {
  const changed = operations.map((operation) =>
    "c" in operation && operation.ret === -35 ? { ...operation, ex: [[3, [0], -1, -1], [4, [1], -1, -1]] } : operation
  );
  const { divergences, first } = await replay(changed);
  assertEquals([divergences, first?.operation, Object.keys(first?.expected ?? {})], [1, 10, ["ex"]]);
});

Deno.test("an operation that never ends is a divergence with a message, and ends the replay", async () => {
  const three = [3, [], -1, -1];
  const four = [4, [], -1, -1];
  const locked = state([[0, 4]], [[3, 0], [4, 1]], [three, [4, [0], -1, -1]]);
  const waiting = [
    create(0),
    create(1),
    { op: "exec_init", c: 3, flags: 0, ret: 0, ...state([], [], [three]) },
    { op: "exec_cleanup", c: 3, ret: 1, ...state([], [[3, 0]], [three]) },
    { op: "exec_init", c: 4, flags: 0, ret: 0, ...state([], [[3, 0]], [three, four]) },
    { op: "exec_cleanup", c: 4, ret: 1, ...state([], [[3, 0], [4, 0]], [three, four]) },
    { op: "exec_lock", c: 4, bo: 0, ret: 0, ...locked },
    // The older one may wait for the younger, which does nothing any more.
    { op: "exec_lock", c: 3, bo: 0, ret: 0, ...locked },
    { op: "exec_fini", c: 3, ret: 0, ...locked },
  ];
  const { operations: replayed, divergences, first } = await replay(waiting);
  assertEquals([replayed, divergences, first?.operation], [8, 1, 7]);
  assertEquals((first?.found as { error: string }).error, "It waits for ever: nothing is left to happen");
});
