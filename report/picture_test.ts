import { assert, assertEquals } from "@std/assert";
import { testUnless } from "../tests/permissions.ts";
import { toBase64 } from "./base64.ts";
import { report } from "./report.ts";
import { noChromium, open, QUIET } from "./testing_page.ts";
import { picture, PICTURED, REFERENCE } from "./testing_picture.ts";

/** Pixels of maps are the same everywhere; lines of plots are drawn by the browser, and may differ at their edges. */
const MOST_DIFFERENT = { map: 0, plot: 0.02 };

for (const part of ["map", "plot"] as const) {
  testUnless(noChromium, `the ${part} at a fixed moment has the pixels of the picture`, async () => {
    const expected = toBase64(await Deno.readFile(REFERENCE[part]));
    await open(await report([PICTURED]), async (page) => {
      await page.until(QUIET);
      const [width, height, different] = await page.evaluate(`(async () => {
        const shown = await createImageBitmap(await (${picture(part)}).convertToBlob());
        const bytes = Uint8Array.from(atob("${expected}"), (char) => char.charCodeAt(0));
        const known = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const pixels = (image) => {
          const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
          context.drawImage(image, 0, 0);
          return new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
        };
        const [a, b] = [pixels(shown), pixels(known)];
        const different = a.length === b.length ? a.filter((pixel, at) => pixel !== b[at]).length / a.length : 1;
        return [shown.width, shown.height, different];
      })()`) as [number, number, number];
      assert(different <= MOST_DIFFERENT[part], `${different * 100} % of ${width} x ${height} pixels are different`);
      assertEquals(width > 1000 && height > 100, true);
    }, { hash: "#t=300" });
  });
}
