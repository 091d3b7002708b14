import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TtmError } from "@ttm/core";
import { randomNumbers } from "../../tests/kit/suite.ts";
import { testWith } from "../../tests/permissions.ts";
import { decodeEntry } from "./entry.ts";
import { FileStore } from "./mod.ts";
import { contentsOf, PAGES } from "./testing_swapper.ts";

const KILLS = 100;
const SWAPPER = new URL("./testing_swapper.ts", import.meta.url).href;

/** A process that swaps everything out once, and after goOn() again and again until it is killed. */
class Swapper {
  #child: Deno.ChildProcess;
  #lines: ReadableStreamDefaultReader<string>;
  #told = "";

  constructor(directory: string) {
    const args = ["run", "--no-check", "--quiet", "-A", SWAPPER, directory];
    this.#child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Waits until it has printed a text; false if it ends before. */
  async hear(what: string): Promise<boolean> {
    while (!this.#told.includes(what)) {
      const { done, value } = await this.#lines.read();
      if (done) return false;
      this.#told += value;
    }
    return true;
  }

  /** The name of its folder in a directory. */
  async folder(directory: string): Promise<string> {
    return (await readdir(directory)).find((name) => name.startsWith(`ttm-swap-${this.#child.pid}-`)) ?? "none";
  }

  /** Makes it continue, and waits until it swaps out again. */
  async goOn(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new Uint8Array(1));
    writer.releaseLock();
    assert(await this.hear("begin 2"), "it ended by itself");
  }

  /** Kills it; returns the last generations that it began to swap out and finished swapping out. */
  async kill(): Promise<{ begun: number; kept: number }> {
    this.#child.kill("SIGKILL");
    const { signal } = await this.#child.status;
    assertEquals(signal, "SIGKILL", "it ended by itself");
    await this.hear("the end");
    await this.#child.stdin.close().catch(() => {});
    const last = (what: string) =>
      Number(this.#told.split("\n").findLast((line) => line.startsWith(what))?.split(" ")[1]);
    return { begun: last("begin"), kept: last("kept") };
  }
}

/**
 * Fails unless every file of a dead process is complete and of one of these generations; returns the unfinished writes.
 */
async function checkFiles(folder: string, generations: readonly number[]): Promise<number> {
  const names = await readdir(folder);
  const finished = names.filter((name) => name.endsWith(".pages"));
  for (const name of finished) {
    const found = new Uint8Array(decodeEntry(await readFile(join(folder, name)), name));
    const [at = -1, generation = -1] = new Uint32Array(found.buffer);
    assertEquals(found.length === contentsOf(at, 0).length && isSame(found, contentsOf(at, generation)), true, name);
    if (name.startsWith("buffer-")) {
      assertEquals(name, `buffer-${at}.pages`);
      assert(generations.includes(generation), `${name} is of generation ${generation}, and not of ${generations}`);
    }
  }
  const own = PAGES.flatMap((_, at) => at % 2 === 0 ? [`buffer-${at}.pages`] : []);
  assertEquals(finished.filter((name) => name.startsWith("buffer-")).sort(), own, "nothing that was kept is lost");
  const unfinished = names.filter((name) => !finished.includes(name));
  assertEquals(unfinished.filter((name) => !/^unfinished-\d+$/.test(name)), []);
  return unfinished.length;
}

const isSame = (left: Uint8Array, right: Uint8Array) => left.every((byte, index) => byte === right[index]);

/** A new store removes the folder of the dead process, keeps that of the live one, and starts empty. */
async function checkNext(directory: string, dead: string, live: string): Promise<void> {
  await using store = new FileStore({ directory });
  const left = await readdir(directory);
  assertEquals([left.includes(dead), left.includes(live)], [false, true]);
  assertEquals([await readdir(store.folder), store.usedBytes], [[], 0]);
  await assertRejects(() => store.read("buffer-0"), TtmError, "Cannot read buffer-0");
  await store.write("buffer-0", contentsOf(0, 7));
  assertEquals(await store.read("buffer-0"), contentsOf(0, 7));
}

/** Kills one process after another while another one lives; returns the number of unfinished writes. */
async function killAll(kills: number, random: (below: number) => number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "ttm-test-"));
  let swapper = new Swapper(directory);
  let cutOff = 0;
  try {
    for (let kill = 0; kill < kills; kill++) {
      const next = new Swapper(directory);
      try {
        for (const each of [swapper, next]) assert(await each.hear("kept 1"), "it ended by itself");
        const [dead, live] = [await swapper.folder(directory), await next.folder(directory)];
        await swapper.goOn();
        await new Promise((resolve) => setTimeout(resolve, random(30)));
        const { begun, kept } = await swapper.kill();
        cutOff += await checkFiles(join(directory, dead), [begun, kept]);
        await checkNext(directory, dead, live);
      } finally {
        swapper = next;
      }
    }
  } finally {
    await swapper.kill();
    await rm(directory, { recursive: true });
  }
  return cutOff;
}

const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
testWith(
  ["read", "write", "env", "run"],
  `a process that is killed while it swaps, at ${KILLS} moments (seed ${seed}), leaves whole files, none lost, and nothing for long`,
  async () => {
    const random = randomNumbers(seed);
    const cutOff = await Promise.all([killAll(KILLS / 2, random), killAll(KILLS / 2, random)]);
    assert(cutOff[0] + cutOff[1] > 0, "no process was killed in the middle of a write");
  },
);
