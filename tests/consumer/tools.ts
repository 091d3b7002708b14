import { dirname } from "node:path";
import { findChromium } from "./chromium.ts";
import { run } from "./process.ts";

/** What authors and users on Node have beside our packages: types taken off, types checked, a GPU. */
const TOOLS = ["tsx@4", "typescript@5", "webgpu@0.6"];

/** Gives Node a GPU: Dawn, the WebGPU of Chromium. */
const DAWN = `import { create, globals } from "webgpu";
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]) } });
`;

/** Adds the tools to a folder of packages, and `dawn.js` to be imported first; false if npm cannot get them. */
export async function installTools(folder: string): Promise<boolean> {
  await Deno.writeTextFile(`${folder}/dawn.js`, DAWN);
  const args = ["install", "--prefer-offline", "--no-save", "--no-audit", "--no-fund", "--fetch-retries=0"];
  return await run("npm", [...args, "--ignore-scripts", ...TOOLS], { cwd: folder }).then(() => true, () => false);
}

/** Settings of the environment by which Dawn finds the GPU that Chromium renders in software, where there is one. */
export function softwareGpu(): Record<string, string> {
  const folders = ["/usr/lib/chromium", "/usr/lib/chromium-browser", dirname(findChromium() ?? "/nowhere/chromium")];
  for (const folder of folders) {
    const driver = `${folder}/vk_swiftshader_icd.json`;
    try {
      Deno.statSync(driver);
      return { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: folder };
    } catch {
      // Dawn may find another one by itself.
    }
  }
  return {};
}
