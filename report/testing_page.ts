import { findChromium, FLAGS } from "../tests/consumer/chromium.ts";
import { type Visit, visit } from "../tests/headless.ts";
import { missing, type Obstacle } from "../tests/permissions.ts";

const denied = missing("read", "write", "run", "env", "net");
/** Why pages cannot be opened here. */
export const noChromium: Obstacle = denied ?? (findChromium() === null ? "needs Chromium" : undefined);

/** Whether everything that was asked of the page is drawn. */
export const QUIET = "document.body?.dataset.drawing === 'no'";

const SIZE = { width: 1300, height: 900 };

/** How a page is opened. */
export interface OpenOptions {
  readonly hash?: string;
  readonly dark?: boolean;
  /** What is outside of the window is not drawn. */
  readonly height?: number;
}

/** For tests: opens a page from a file, as its users do, and looks at it; a file without contents is just opened. */
export async function open(
  html: string,
  look: (page: Visit, address: string) => Promise<void>,
  { hash = "", dark = false, height = SIZE.height }: OpenOptions = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/report.html`;
    await Deno.writeTextFile(file, html);
    const flags = FLAGS.filter((flag) => !/webgpu|vulkan|gpu/i.test(flag));
    await using page = await visit(findChromium() ?? "", flags, `${folder}/profile`, "about:blank");
    await page.send("Emulation.setDeviceMetricsOverride", { ...SIZE, height, deviceScaleFactor: 1, mobile: false });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await page.send("Emulation.setEmulatedMedia", { features });
    const address = `file://${file}`;
    await page.send("Page.navigate", { url: address + hash });
    if (html !== "") await page.until("document.body?.dataset.runs");
    await look(page, address);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Nothing but the page itself was asked for, beside what the page made, and nothing complained. */
export function strangers({ requests, complaints }: Visit, address: string): string[] {
  const known = (url: string) => url.split("#")[0] === address || url.startsWith("blob:") || url === "about:blank";
  return [...requests.filter((url) => !known(url)), ...complaints];
}
