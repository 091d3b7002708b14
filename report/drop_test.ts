import { assertEquals, assertMatch } from "@std/assert";
import { writeRecord } from "@ttm/explain";
import { RECORDINGS } from "../import/testing_recordings.ts";
import type { Visit } from "../tests/headless.ts";
import { testUnless } from "../tests/permissions.ts";
import { toBase64 } from "./base64.ts";
import { report } from "./report.ts";
import { makeRecord } from "./testing_records.ts";
import { noChromium, open, strangers } from "./testing_page.ts";

/** Drops files on the page as a hand does, and waits until they are read. */
async function drop(page: Visit, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  const contents = Object.entries(files).map(([name, bytes]) => [name, toBase64(bytes)]);
  await page.evaluate(`(() => {
    delete document.body.dataset.read;
    const dataTransfer = new DataTransfer();
    for (const [name, base64] of ${JSON.stringify(contents)}) {
      dataTransfer.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name));
    }
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  })()`);
  await page.until("document.body.dataset.read");
}

const heading = (page: Visit) => page.evaluate("document.querySelector('h1').textContent");

testUnless(
  noChromium,
  "an empty page reads recordings of every format that are dropped on it, and asks nobody",
  async () => {
    await open(await report([]), async (page, address) => {
      assertEquals(await heading(page), "What was in GPU memory");
      let runs = 0;
      for (const [name, bytes] of Object.entries(RECORDINGS)) {
        await drop(page, { [name]: bytes });
        assertEquals(await page.evaluate("document.body.dataset.read"), "1 0", name);
        assertEquals(await page.evaluate("document.body.dataset.runs"), `${++runs}`);
      }
      assertEquals(await page.evaluate("document.querySelectorAll('#overview tbody tr').length"), runs);
      assertEquals(strangers(page, address), []);
    });
  },
);

testUnless(
  noChromium,
  "two files that are dropped together lie on one axis, and a saved record beside them",
  async () => {
    const lines = [...writeRecord(makeRecord({ run: "saved", events: 500 }))].map((line) => `${line}\n`).join("");
    const { "snapshot.pickle": snapshot, "rmm.csv": log } = RECORDINGS as Record<string, Uint8Array>;
    await open(await report([]), async (page, address) => {
      await drop(page, { "a.pickle": snapshot as Uint8Array, "b.csv": log as Uint8Array });
      assertEquals(await heading(page), "a, b");
      await drop(page, { "run.jsonl": new TextEncoder().encode(lines) });
      assertEquals(await heading(page), "a, b, saved");
      assertMatch(
        String(await page.evaluate("document.querySelector('.notes').innerText")),
        /a: The recording has no uses/,
      );
      assertEquals(strangers(page, address), []);
    });
  },
);

testUnless(noChromium, "a file that is wrong is refused with its position, and what was there stays", async () => {
  await open(await report([makeRecord({ run: "first" })]), async (page, address) => {
    const wrong = new TextEncoder().encode("Thread,Time,Action,Pointer,Size,Stream\n<img src=x onerror=alert(1)>\n");
    await drop(page, { "x.csv": wrong });
    const status = "document.querySelector('.drop [role=status]').textContent";
    assertMatch(String(await page.evaluate(status)), /^x\.csv:2: Cannot read the RMM log: a line must have 6 columns/);
    assertEquals([await page.evaluate("document.body.dataset.runs"), await heading(page)], ["1", "first"]);
    assertEquals(await page.evaluate("document.querySelectorAll('img').length"), 0);
    assertEquals(strangers(page, address), []);
  });
});
