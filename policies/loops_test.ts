import { assert, assertEquals } from "@std/assert";
import { type BufferView, type EvictionPolicy, lru } from "@ttm/core";
import { loops } from "./mod.ts";

/** Entries in VRAM that are named by letters; `memoryType` is where their buffers are. */
class Letters {
  readonly policy: EvictionPolicy = loops(lru());
  memoryType: string | null = "vram";
  #entries: Map<string, number> = new Map();

  insert(letters: string): void {
    for (const letter of letters) {
      const entry = letter.charCodeAt(0);
      const whereItIs = () => this.memoryType;
      const buffer = {
        id: entry,
        priority: 0,
        get memoryType() {
          return whereItIs();
        },
      };
      this.#entries.set(letter, entry);
      this.policy.insert(entry, buffer as unknown as BufferView, "vram");
    }
  }

  use(letters: string): void {
    for (const letter of letters) this.policy.touch(this.#entries.get(letter) as number);
  }

  evict(letter: string): void {
    this.policy.remove(this.#entries.get(letter) as number, "evicted");
    this.#entries.delete(letter);
  }

  /** The first victim first. */
  get order(): string {
    return String.fromCharCode(...this.policy.order?.("vram") ?? []);
  }
}

Deno.test("the one of a loop that is needed last goes first", () => {
  const letters = new Letters();
  letters.insert("abcdefgh");
  letters.use("abcdefghabcdefg");
  assertEquals(letters.order, "habcdefg");
  letters.use("h");
  assertEquals(letters.order, "hgfedcba");
  letters.use("ab");
  assertEquals(letters.order, "bahgfedc");
});

Deno.test("who leaves the loop is evicted before those who stay", () => {
  const letters = new Letters();
  letters.insert("abcdefgh");
  letters.use("abcdefghabcdefgh");
  letters.use("abdefghabdef");
  assertEquals(letters.order, "cfedbahg");
});

Deno.test("who comes back while the loop goes on is expected again, before it is used", () => {
  const letters = new Letters();
  letters.insert("abcdefgh");
  letters.use("abcdefghabcdefghab");
  letters.evict("f");
  letters.insert("f");
  assertEquals(letters.order, "bahgfedc");
});

Deno.test("what is touched since a copy out of it is pending has not been used", () => {
  const letters = new Letters();
  letters.insert("abcd");
  letters.memoryType = "gtt";
  letters.use("abcdabcdabcd");
  assertEquals(letters.order, "abcd");
});

Deno.test("when a loop ends, all are candidates in the order of the inner policy", () => {
  const letters = new Letters();
  letters.insert("abcdefghijklmnop");
  letters.use("abcdefghijklmnopabcdefghijklmnop");
  assert(letters.order.startsWith("ponm"), letters.order);
  letters.use("ponmlkjihgfedcba");
  letters.use("aibjckdlemfngohp");
  letters.use("dlhpbjfnckgoaiem");
  assertEquals(letters.order, "dlhpbjfnckgoaiem");
});
