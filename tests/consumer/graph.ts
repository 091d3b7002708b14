import { entryFiles, type Member, readMembers, ROOT } from "../members.ts";
import { run } from "./process.ts";

/** All that the entry points of a package import, directly or not, as addresses. */
async function graphOf(member: Member): Promise<string[]> {
  const graphs = await Promise.all(
    entryFiles(member).map(async (file) => {
      const { modules } = JSON.parse(await run(Deno.execPath(), ["info", "--json", file], { cwd: ROOT }));
      return modules.map(({ specifier }: { readonly specifier: string }) => specifier);
    }),
  );
  return [...new Set(graphs.flat())].toSorted();
}

/** The modules of Node that a package needs: `"node:fs"`. */
export async function builtinsOf(member: Member): Promise<string[]> {
  return (await graphOf(member)).filter((address) => address.startsWith("node:"));
}

/** The files of its own that a package needs, from its folder on: `"/mod.ts"`. */
export async function filesOf(member: Member): Promise<string[]> {
  const base = new URL(member.folder, ROOT).href;
  const inner = readMembers().map(({ folder }) => new URL(folder, ROOT).href).filter((url) => url.length > base.length);
  const own = (url: string) => url.startsWith(base) && !inner.some((other) => url.startsWith(other));
  return (await graphOf(member)).filter(own).map((url) => url.slice(base.length - 1));
}
