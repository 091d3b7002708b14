import { assertEquals } from "@std/assert";
import { ROOT } from "./members.ts";
import { testWith } from "./permissions.ts";

/** The documents of the checkout, without those of what npm installed. */
function documents(folder: URL = ROOT): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (name.startsWith(".") || name === "node_modules" || name === "build") return [];
    if (isDirectory) return documents(new URL(`${name}/`, folder));
    return name.endsWith(".md") ? [new URL(name, folder)] : [];
  });
}

/** The anchor of a heading, as forges make it. */
function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-");
}

/** What is wrong with a link of a document; null if nothing is, or if it leads out of the checkout. */
function whyBroken(target: string, document: URL): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const url = new URL(target, document);
  const file = new URL(url.pathname, document);
  try {
    if (url.hash === "" || !file.pathname.endsWith(".md")) return Deno.statSync(file) && null;
    const headings = Deno.readTextFileSync(file).matchAll(/^#+ (.*)$/gm).map(([, heading = ""]) => anchor(heading));
    return headings.toArray().includes(url.hash.slice(1)) ? null : `no heading ${url.hash}`;
  } catch {
    return "no such file";
  }
}

testWith(["read"], "every link of a document leads to a file and a heading that are there", () => {
  const broken = documents().flatMap((document) => {
    return Deno.readTextFileSync(document).matchAll(/\]\(([^)\s]+)\)/g).flatMap(([, target = ""]) => {
      const why = whyBroken(target, document);
      return why === null ? [] : [`${document.pathname}: ${target}: ${why}`];
    }).toArray();
  });
  assertEquals(broken, []);
});
