import { stripTypeScriptTypes } from "node:module";
import { entryFiles, readMembers, ROOT, specifiers } from "../../tests/members.ts";

const HEADERS = {
  "cache-control": "no-store",
  // The browser itself refuses requests to anywhere else.
  "content-security-policy":
    "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; " +
    "img-src data:",
};

/** Where the packages are; all imports of the page begin there. */
function importMap(): string {
  const imports = readMembers().flatMap((member) => {
    const files = entryFiles(member);
    return specifiers(member).map((specifier, i) => [specifier, `/${files[i]}`]);
  });
  return `<script type="importmap">${JSON.stringify({ imports: Object.fromEntries(imports) })}</script>`;
}

/** Answers requests of the page: itself, and sources of this repository without their types. */
export async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/") {
    const html = await Deno.readTextFile(new URL("index.html", import.meta.url));
    const type = { "content-type": "text/html; charset=utf-8" };
    return new Response(html.replace("<!-- import map -->", importMap()), { headers: { ...HEADERS, ...type } });
  }
  const source = /^(\/\w+)+\.ts$/.test(pathname)
    ? await Deno.readTextFile(new URL(`.${pathname}`, ROOT)).catch(() => null)
    : null;
  if (source === null) return new Response(`There is no ${pathname} here.\n`, { status: 404, headers: HEADERS });
  const headers = { ...HEADERS, "content-type": "text/javascript; charset=utf-8" };
  return new Response(stripTypeScriptTypes(source), { headers });
}
