import { TtmError } from "@ttm/core";
import { checkObject, checkOptions, optionNames, show } from "@ttm/core/arguments";
import type { ByteSource } from "./byte_source.ts";

/** Options of {@linkcode urlSource}. */
export interface UrlSourceOptions {
  /** Headers of each request, such as `Authorization`. @default {none} */
  readonly headers?: Readonly<Record<string, string>>;
}

const OPTIONS = optionNames<UrlSourceOptions>({ headers: true });

/**
 * The bytes at a URL of HTTP, by requests with the header `Range`. Whole files are never fetched: a server that answers a
 * range with all of the file (status 200) fails the read. A file that changes between two reads, by its `ETag` or time
 * of modification, fails the later one. In a page the server must allow it to see `Content-Range` (CORS).
 *
 * @throws {TtmError} `EINVAL` if the URL or an option is invalid.
 */
export function urlSource(url: string | URL, options: UrlSourceOptions = {}): ByteSource {
  const what = "create URL source";
  checkOptions(what, options, OPTIONS);
  const { headers = {} } = options;
  checkObject(what, "headers", headers);
  const address = checkedUrl(what, url);
  let total: number | null = null;
  let version: string | null = null;

  async function read(offset: number, length: number): Promise<Uint8Array> {
    const last = offset + length - 1;
    // Ranges of a compressed answer would be ranges of other bytes.
    const asked = { ...headers, "Range": `bytes=${offset}-${last}`, "Accept-Encoding": "identity" };
    const abort = new AbortController();
    const response = await fetch(address, { headers: asked, signal: abort.signal });
    try {
      const found = rangeOf(response);
      total ??= found.total;
      if (response.status !== 206) throw new Error(refusal(response, found.total));
      if (found.encoding !== null) throw new Error(`the server compresses the file (${found.encoding})`);
      if (found.first === null) throw new Error("the server does not say which bytes it answers with (Content-Range)");
      if (found.first !== offset || found.last !== last) {
        throw new Error(`the server answered with bytes ${found.first} to ${found.last} of ${found.total}`);
      }
      version ??= found.version;
      if (found.version !== version) throw new Error("the file has changed since it was first read");
      return await bytesOf(response, length);
    } catch (error) {
      abort.abort();
      throw error;
    }
  }

  async function size(): Promise<number> {
    // An empty file has no range, but its refusal says how long it is.
    if (total === null) await read(0, 1).catch((error) => total === null ? Promise.reject(error) : null);
    if (total === null) throw new Error("the server does not say how long the file is");
    return total;
  }

  return { name: address, size, read };
}

function checkedUrl(what: string, url: string | URL): string {
  const base = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
  const parsed = typeof url === "string" || url instanceof URL ? URL.parse(`${url}`, base) : null;
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed.href;
  throw new TtmError("EINVAL", `Cannot ${what}: url must be one of http or https, not ${show(url)}`);
}

/** What a response says of the file and of the part that it contains. */
function rangeOf({ headers }: Response) {
  const text = headers.get("Content-Range") ?? "";
  const [, first, last, total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(text) ?? [];
  return {
    first: first === undefined ? null : Number(first),
    last: last === undefined ? null : Number(last),
    total: total === undefined || total === "*" ? null : Number(total),
    version: headers.get("ETag") ?? headers.get("Last-Modified"),
    encoding: headers.get("Content-Encoding"),
  };
}

function refusal({ status, statusText }: Response, total: number | null): string {
  if (status === 200) return "the server ignores ranges, and would send all of the file (status 200)";
  if (status === 416) return `the file has ${total ?? "fewer"} bytes (status 416)`;
  return `the server answered with status ${status} ${statusText}`.trim();
}

/** The body, which must have exactly so many bytes; no more are read. */
async function bytesOf(response: Response, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const reader = response.body?.getReader();
  let done = 0;
  for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
    if (done + piece.value.length > length) throw new Error(`the answer has more than ${length} bytes`);
    bytes.set(piece.value, done);
    done += piece.value.length;
  }
  if (done < length) throw new Error(`the answer ends after ${done} bytes`);
  return bytes;
}
