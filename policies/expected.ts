/** The most lists that a node is in; enough for millions of entries. */
const HIGHEST = 12;

interface Node {
  readonly entry: number;
  readonly turn: number;
  /** The next node on each list that this one is in. */
  readonly next: (Node | null)[];
}

/**
 * Entries whose next use is expected, from the last turn to the earliest; equal turns by entry. A skip list (Pugh 1990):
 * all nodes are on the lowest list, a quarter of those of a list on the one above it, which a search leaps along. Adding,
 * removing and the step of a walk take O(log n) time for n entries.
 */
export class Expected {
  /** Nodes that all searches have looked at. */
  visits = 0;
  #head: Node = { entry: -1, turn: Infinity, next: Array(HIGHEST).fill(null) };
  #nodes: Map<number, Node> = new Map();
  #coins = 1;

  /** Adds an entry that is not in it. */
  add(entry: number, turn: number): void {
    const before = this.#searchBefore(turn, entry);
    const node: Node = { entry, turn, next: Array(this.#throwCoins()).fill(null) };
    for (const level of node.next.keys()) {
      const { next } = before[level] as Node;
      [node.next[level], next[level]] = [next[level] ?? null, node];
    }
    this.#nodes.set(entry, node);
  }

  /** Removes an entry that is in it. */
  remove(entry: number): void {
    const node = this.#nodes.get(entry);
    if (node === undefined) return;
    this.#nodes.delete(entry);
    const before = this.#searchBefore(node.turn, entry);
    for (const [level, after] of node.next.entries()) (before[level] as Node).next[level] = after;
  }

  /** All entries, the one with the last turn first; entries may come and go meanwhile. */
  *backwards(): Generator<number, undefined> {
    for (let node = this.#head.next[0] ?? null; node !== null;) {
      const { entry, turn } = node;
      yield entry;
      const isThere = this.#nodes.get(entry) === node;
      const before: Node = isThere ? node : this.#searchBefore(turn, entry)[0] as Node;
      node = before.next[0] ?? null;
      // The same entry may have come back at the same turn.
      if (node?.entry === entry && node.turn === turn) node = node.next[0] ?? null;
    }
  }

  /** On each list, the last node in front of a turn and entry. */
  #searchBefore(turn: number, entry: number): Node[] {
    const found: Node[] = [];
    let node = this.#head;
    for (let level = HIGHEST - 1; level >= 0; level--) {
      for (let next = node.next[level] ?? null; next !== null; next = node.next[level] ?? null) {
        this.visits++;
        if (next.turn < turn || (next.turn === turn && next.entry <= entry)) break;
        node = next;
      }
      found[level] = node;
    }
    return found;
  }

  /** How many lists a node joins: one, and each further one with a chance of a quarter. The same each time. */
  #throwCoins(): number {
    this.#coins = Math.imul(this.#coins, 1664525) + 1013904223 | 0;
    // The lowest bits of such numbers repeat soon.
    return Math.min(HIGHEST, 1 + (Math.clz32(this.#coins) >> 1));
  }
}
