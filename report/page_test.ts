import { assert, assertEquals, assertMatch } from "@std/assert";
import { axe } from "axe-core";
import type { Visit } from "../tests/headless.ts";
import { testUnless } from "../tests/permissions.ts";
import { report } from "./report.ts";
import { makeRecord } from "./testing_records.ts";
import { noChromium, open, QUIET, strangers } from "./testing_page.ts";

const SHOWN = "document.body.dataset.shown";
const text = (page: Visit, selector: string) =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);

/** What the protocol calls the key Alt. */
const ALT = 1;
/** Presses a key in what has the focus. */
async function press(page: Visit, key: string, modifiers = 0): Promise<void> {
  const text = key.length === 1 && modifiers === 0 ? key : undefined;
  for (const type of ["keyDown", "keyUp"]) await page.send("Input.dispatchKeyEvent", { type, key, text, modifiers });
}

/** The picture of the map of that number, as text. */
const PIXELS = "(map) => document.querySelectorAll('.map canvas')[map].toDataURL()";
const pixels = (page: Visit, map: number) => page.evaluate(`(${PIXELS})(${map})`);

interface Fault {
  readonly id: string;
  readonly impact: string;
  readonly where: readonly string[];
}

/** What axe finds. */
async function faultsOf(page: Visit): Promise<Fault[]> {
  await page.evaluate(axe);
  return JSON.parse(String(
    await page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
      JSON.stringify(violations.map(({ id, impact, nodes }) => ({
        id, impact, where: nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)),
      }))))`),
  ));
}

async function until(page: Visit, selector: string, pattern: RegExp): Promise<void> {
  await page.until(`${pattern}.test(document.querySelector(${JSON.stringify(selector)})?.innerText ?? "")`);
}

testUnless(
  noChromium,
  "all views are there, at the moment of the address, and nothing is asked for or complained of",
  async () => {
    const html = await report([makeRecord({ run: "lru", events: 4000 })]);
    await open(html, async (page, address) => {
      await page.until(SHOWN);
      const titles = await page.evaluate("[...document.querySelectorAll('h2')].map(({ textContent }) => textContent)");
      assertEquals(titles, [
        ...["Overview", "Memory by type", "Address map", "The chosen buffer", "Order of eviction at the moment"],
        ...["Moves between memory types", "Fragmentation", "Failures", "Buffers", "Look at a recording"],
      ]);
      assertEquals(await text(page, "nav output"), "300.5 ms");
      await until(page, "#order", /Last eviction, at [\d.]+ ms: buffer \d+ .* was evicted to gtt for buffer \d+/s);
      await until(page, "#selected", /buffer 5 "/);
      assertMatch(String(await text(page, "#failures")), /ENOMEM.*Cannot validate buffer/s);
      assertEquals(strangers(page, address), []);
    }, { hash: "#t=300.5&buffer=5" });
  },
);

testUnless(
  noChromium,
  "the moment is scrubbed, time is zoomed and panned by keys, and the address says where the page is",
  async () => {
    const html = await report([makeRecord({ events: 4000 })]);
    await open(html, async (page, address) => {
      await page.until(SHOWN);
      await page.evaluate("document.querySelector('nav input').focus()");
      await press(page, "ArrowRight");
      await page.until("/^#t=0\\.\\d/.test(location.hash)");
      await page.evaluate("document.querySelector('.map').focus()");
      const before = String(await page.evaluate(SHOWN));
      await press(page, "+");
      await page.until(`${SHOWN} !== "${before}"`);
      const near = String(await page.evaluate(SHOWN));
      await press(page, "ArrowRight");
      await page.until(`${SHOWN} !== "${near}"`);
      await page.until("/from=.*until=/.test(location.hash)");
      await press(page, "0");
      await page.until(`${SHOWN} === "${before}"`);
      await page.evaluate("location.hash = '#t=12.5'");
      await until(page, "nav output", /^12\.5 ms$/);
      await press(page, "ArrowUp");
      await until(page, "#selected", /at the moment/);
      assertEquals(strangers(page, address), []);
    });
  },
);

testUnless(noChromium, "with Alt, keys and the wheel go along the addresses of one map", async () => {
  const html = await report([makeRecord({ events: 4000 })]);
  await open(html, async (page, address) => {
    await page.until(SHOWN);
    await page.evaluate("document.querySelector('.map').focus()");
    // A canvas that nothing was drawn on has 300 pixels.
    await page.until("[...document.querySelectorAll('.map canvas')].every(({ width }) => width !== 300)");
    await page.until(QUIET);
    const [all, other] = [await pixels(page, 0), await pixels(page, 1)];
    const time = await page.evaluate(SHOWN);
    await press(page, "+", ALT);
    const upper = await pixels(page, 0);
    await press(page, "ArrowDown", ALT);
    const lower = await pixels(page, 0);
    assertEquals(new Set([all, upper, lower]).size, 3);
    await press(page, "0", ALT);
    assertEquals(await pixels(page, 0), all);
    const { x, y } = await page.evaluate(
      "(({ x, y }) => ({ x, y }))(document.querySelector('.map canvas').getBoundingClientRect())",
    ) as Record<"x" | "y", number>;
    const wheel = { type: "mouseWheel", x: x + 200, y: y + 100, deltaX: 0, deltaY: -100, modifiers: ALT };
    await page.send("Input.dispatchMouseEvent", wheel);
    await page.until(`(${PIXELS})(0) !== ${JSON.stringify(all)}`);
    assertEquals([await pixels(page, 1), await page.evaluate(SHOWN)], [other, time]);
    assertEquals(strangers(page, address), []);
  }, { height: 1600 });
});

testUnless(noChromium, "buffers are searched and sorted, and chosen by their names", async () => {
  const html = await report([makeRecord({ events: 4000 })]);
  await open(html, async (page, address) => {
    await page.until(SHOWN);
    await page.evaluate("document.querySelector('#buffers input').focus()");
    await page.send("Input.insertText", { text: "weights" });
    await page.until(
      "[...document.querySelectorAll('#buffers tbody tr')].every((row) => row.innerText.includes('weights'))",
    );
    await page.evaluate("[...document.querySelectorAll('#buffers th button')].at(-2).click()");
    const evictions =
      `[...document.querySelectorAll("#buffers tbody tr")].map(({ cells }) => Number(cells[6].innerText))`;
    const counts = await page.evaluate(evictions) as number[];
    assertEquals(counts, counts.toSorted((a, b) => b - a));
    assertEquals(await page.evaluate("document.querySelectorAll('#buffers th[aria-sort=descending]').length"), 1);
    await page.evaluate("document.querySelector('#buffers tbody button').click()");
    await until(page, "#selected h3", /weights/);
    assertEquals(strangers(page, address), []);
  });
});

testUnless(noChromium, "the pointer shows what a rectangle is, and a click chooses it", async () => {
  const html = await report([makeRecord({ events: 4000 })]);
  await open(html, async (page, address) => {
    await page.until(SHOWN);
    await page.evaluate("document.querySelector('.map').scrollIntoView({ block: 'center' })");
    const box = await page.evaluate(
      "(({ x, y, width, height }) => ({ x, y, width, height }))(document.querySelector('.map canvas').getBoundingClientRect())",
    ) as Record<"x" | "y" | "width" | "height", number>;
    const at = { x: box.x + box.width / 2, y: box.y + box.height };
    // Some of the addresses are free.
    do {
      at.y -= 8;
      await page.send("Input.dispatchMouseEvent", { type: "mouseMoved", ...at });
    } while (at.y > box.y && await page.evaluate("document.querySelector('.tip').hidden"));
    await until(page, ".tip", /^buffer \d+ ".*ms old\n.*KiB in vram from page \d+\nCame at .*\nWent at /s);
    const name = String(await text(page, ".tip b"));
    for (const type of ["mousePressed", "mouseReleased"]) {
      await page.send("Input.dispatchMouseEvent", { type, ...at, button: "left", clickCount: 1 });
    }
    await page.until(`document.querySelector("#selected h3")?.innerText === ${JSON.stringify(name)}`);
    assertEquals(strangers(page, address), []);
  });
});

testUnless(
  noChromium,
  "several runs lie on one axis, each with its map, and their figures stand side by side",
  async () => {
    const html = await report([
      makeRecord({ run: "lru", events: 2000 }),
      makeRecord({ run: "other", events: 4000, seed: 3 }),
    ]);
    await open(html, async (page, address) => {
      await page.until(SHOWN);
      assertEquals(await page.evaluate("document.querySelectorAll('.map').length"), 4);
      assertEquals(await page.evaluate("document.querySelectorAll('#overview tbody tr').length"), 2);
      assertMatch(String(await text(page, "#memory")), /lru: vram.*other: gtt/s);
      await page.evaluate(
        "const run = document.querySelector('nav select'); run.value = '1'; run.dispatchEvent(new Event('change'))",
      );
      await page.until("location.hash.includes('run=1')");
      assertEquals(strangers(page, address), []);
    });
  },
);

testUnless(noChromium, "axe finds no fault in the page that waits for recordings", async () => {
  await open(await report([]), async (page) => assertEquals(await faultsOf(page), []));
});

for (const dark of [false, true]) {
  testUnless(noChromium, `axe finds no serious fault in the ${dark ? "dark" : "light"} page`, async () => {
    const html = await report([makeRecord({ run: "a", events: 3000 }), makeRecord({ run: "b" })]);
    await open(html, async (page) => {
      await page.until(SHOWN);
      await until(page, "#order", /Last eviction/);
      const faults = await faultsOf(page);
      assertEquals(faults.filter(({ impact }) => impact === "serious" || impact === "critical"), []);
      assert(faults.length < 3, JSON.stringify(faults));
    }, { dark, hash: "#t=200&buffer=3" });
  });
}
