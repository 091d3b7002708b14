import { assert, assertEquals, assertMatch } from "@std/assert";
import { findChromium, FLAGS } from "../../tests/consumer/chromium.ts";
import { missing, type Obstacle, testUnless } from "../../tests/permissions.ts";
import { type Visit, visit } from "../../tests/headless.ts";
import { answer } from "./server.ts";

const denied = missing("read", "write", "run", "env", "net");
const noChromium: Obstacle = denied ?? (findChromium() === null ? "needs Chromium" : undefined);
const HOST = { hostname: "127.0.0.1", port: 0, onListen() {} };

/** Opens the page in Chromium, and looks at it. */
async function open(flags: readonly string[], look: (page: Visit, origin: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using server = Deno.serve(HOST, answer);
    const origin = `http://127.0.0.1:${server.addr.port}/`;
    await using page = await visit(findChromium() ?? "", flags, folder, `${origin}?steps=2`);
    await look(page, origin);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const STATE = "document.body?.dataset.state";
const ABOUT = "document.querySelector('#about').textContent";
const COLORS = `(() => {
  const canvas = document.querySelector("canvas");
  const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  return new Set(pixels).size;
})()`;

testUnless(
  noChromium,
  "the page runs the model within its budget, shows VRAM, and asks nobody but its server",
  async (t) => {
    await open(FLAGS, async (page, origin) => {
      const state = await page.until(STATE);
      const about = String(await page.evaluate(ABOUT));
      if (about.includes("no adapter")) return void await t.step({ name: `skipped: ${about}`, ignore: true, fn() {} });
      assertEquals([state, page.complaints], ["done", []], about);
      const { error, budget, highestBytes } = JSON.parse(
        String(await page.evaluate("JSON.stringify(document.body.dataset)")),
      );
      assert(Number(error) < 1e-5 && error !== "", error);
      assert(Number(highestBytes) > 0 && Number(highestBytes) <= Number(budget), `${highestBytes} of ${budget} bytes`);
      const colors = Number(await page.evaluate(COLORS));
      assert(colors >= 24, `the map shows ${colors} colors`);
      assert(page.requests.includes(`${origin}core/mod.ts`), page.requests.join("\n"));
      assertEquals(page.requests.filter((url) => !url.startsWith(origin) && !url.startsWith("data:")), []);
      const signature = (await page.picture()).subarray(1, 4);
      assertEquals(new TextDecoder().decode(signature), "PNG");
    });
  },
);

testUnless(noChromium, "without WebGPU the page says so, and what helps", async () => {
  await open(FLAGS.filter((flag) => !flag.includes("webgpu")), async (page) => {
    assertEquals(await page.until(STATE), "failed");
    assertMatch(String(await page.evaluate(ABOUT)), /no adapter for WebGPU.*--enable-unsafe-webgpu/);
    // Chromium itself warns of that.
    assertEquals(page.complaints.filter((text) => !text.startsWith("warning: No available adapters")), []);
  });
});

testUnless(missing("read"), "the server gives away the page and sources, and nothing else", async () => {
  const ask = (path: string) => answer(new Request(`http://127.0.0.1${path}`));
  const source = await ask("/core/base/units.ts");
  assertEquals([source.status, source.headers.get("content-type")], [200, "text/javascript; charset=utf-8"]);
  assertEquals(/export const PAGE_SIZE\s*=/.test(await source.text()), true);
  assertMatch(await (await ask("/")).text(), /"@ttm\/core":"\/core\/mod.ts"/);
  for (const path of ["/deno.json", "/core/none.ts", "/../examples/web/none", "/%2e%2e/x.ts", "/.git/x.ts"]) {
    const { status, body } = await ask(path);
    await body?.cancel();
    assertEquals(status, 404, path);
  }
});
