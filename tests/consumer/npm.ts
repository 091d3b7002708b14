import { type Member, readMembers, ROOT } from "../members.ts";
import { ownFolder } from "./own_folder.ts";
import { complete } from "./package_json.ts";
import { run } from "./process.ts";
import type { Published } from "./registry.ts";

/** The packages that the published files import, with the versions that publishing wrote there. */
async function dependencies({ folder, manifest }: Published): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of Object.keys(manifest).filter((path) => path.endsWith(".ts"))) {
    const text = await Deno.readTextFile(folder + path);
    for (const [, name = "", version = ""] of text.matchAll(/"jsr:(@[^/"]+\/[^/"@]+)@([^/"]+)/g)) found[name] = version;
  }
  return found;
}

async function pack(published: Published, member: Member, tarball: string): Promise<void> {
  const folder = ownFolder();
  const source = member.folder;
  // Without that the root would have copies of the packages below it.
  const others = readMembers().map((other) => other.folder).filter((other) => source === "" && other !== "");
  const ignored = others.length > 0 ? [`--ignore=${others}`] : [];
  const args = ["pack", "--no-source-maps", "--allow-dirty", `--output=${tarball}`, ...ignored];
  await run(Deno.execPath(), args, { cwd: new URL(source, ROOT) });
  await run("tar", ["xzf", tarball], { cwd: folder });
  await complete(`${folder}/package`, member, await dependencies(published));
  await run("tar", ["czf", tarball, "package"], { cwd: folder });
}

/**
 * Packs all packages for npm; the paths of their tarballs in a folder. `deno pack` says nothing of the other
 * members that a member of a workspace needs, so this adds them.
 */
export async function packAll(packages: readonly Published[], into: string): Promise<string[]> {
  const published = new Map(packages.map((each) => [each.name, each]));
  return await Promise.all(
    readMembers().map(async (member) => {
      const tarball = `${into}/${member.name.slice(1).replace("/", "-")}-${member.version}.tgz`;
      await pack(published.get(member.name) as Published, member, tarball);
      return tarball;
    }),
  );
}

/** Installs tarballs into an empty folder, from nowhere else. */
export async function install(folder: string, tarballs: readonly string[]): Promise<void> {
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ private: true, type: "module" }));
  const args = ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", [...args, ...tarballs], { cwd: folder, clean: true });
}
