/** A new folder that lives as long as this process. */
export function ownFolder(): string {
  const folder = Deno.makeTempDirSync({ prefix: "ttm-consumer-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return folder;
}
