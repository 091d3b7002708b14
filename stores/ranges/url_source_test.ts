import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TtmError } from "@ttm/core";
import { testReadOnlyStore } from "@ttm/testing";
import { testWith } from "../../tests/permissions.ts";
import { rangeStore, safetensors, urlSource } from "./mod.ts";
import { safetensorsOf } from "./testing_safetensors.ts";

const BYTES = new Uint8Array(300_000).map((_, at) => at % 251);

/** Answers as a server that knows ranges, with other headers or another body where the test says so. */
function answer(request: Request, bytes: Uint8Array, change: (headers: Headers) => Partial<Answer> = () => ({})) {
  const [, first = 0, last = 0] = (/^bytes=(\d+)-(\d+)$/.exec(request.headers.get("Range") ?? "") ?? []).map(Number);
  const headers = new Headers({ ETag: '"1"' });
  if (first >= bytes.length) {
    headers.set("Content-Range", `bytes */${bytes.length}`);
    return new Response(null, { status: 416, headers });
  }
  const end = Math.min(last, bytes.length - 1);
  headers.set("Content-Range", `bytes ${first}-${end}/${bytes.length}`);
  const { status = 206, body = bytes.slice(first, end + 1) } = change(headers);
  return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
}

interface Answer {
  readonly status: number;
  readonly body: Uint8Array | null;
}

/** Runs a test with a server on loopback. */
function served(name: string, handler: (request: Request) => Response, test: (url: string) => Promise<void>): void {
  testWith(["net"], name, async () => {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
    try {
      await test(`http://127.0.0.1:${server.addr.port}/model`);
    } finally {
      await server.shutdown();
    }
  });
}

async function refused(act: () => Promise<unknown>, message: string): Promise<void> {
  await assertRejects(act, Error, message);
}

served("ranges of a URL are asked for, and nothing else", (request) => answer(request, BYTES), async (url) => {
  const source = urlSource(url);
  assertEquals([await source.size(), source.name], [BYTES.length, url]);
  assertEquals(await source.read(0, 1), BYTES.slice(0, 1));
  assertEquals(await source.read(1000, 200_000), BYTES.slice(1000, 201_000));
  assertEquals(await source.read(BYTES.length - 5, 5), BYTES.slice(-5));
});

const file = safetensorsOf([{ name: "w", dtype: "U8", shape: [BYTES.length], bytes: BYTES }]);
served("a safetensors file at a URL", (request) => answer(request, file), async (url) => {
  const { store, tensors } = await safetensors(urlSource(url));
  assertEquals([tensors.map(({ name }) => name), await store.read("w")], [["w"], BYTES]);
});

const servers = new Map<unknown, Deno.HttpServer>();
testReadOnlyStore({
  test: (name, fn) => testWith(["net"], name, fn),
  name: "range store of a URL",
  factory() {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => answer(request, BYTES));
    const source = urlSource(`http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
    const store = rangeStore({ source, ranges: new Map([["a", { offset: 3, length: 70_000 }]]) });
    servers.set(store, server);
    return { store, contents: new Map([["a", BYTES.slice(3, 70_003)]]) };
  },
  dispose: (store) => servers.get(store)?.shutdown(),
});

const asked: Headers[] = [];
served("headers are sent with each request, and no compression is accepted", (request) => {
  asked.push(request.headers);
  return answer(request, BYTES);
}, async (url) => {
  asked.length = 0;
  const source = urlSource(new URL(url), { headers: { Authorization: "Bearer x" } });
  await source.read(5, 6);
  await source.read(7, 8);
  const sent = asked.map((headers) => ["range", "authorization", "accept-encoding"].map((name) => headers.get(name)));
  assertEquals(sent, [["bytes=5-10", "Bearer x", "identity"], ["bytes=7-14", "Bearer x", "identity"]]);
});

served(
  "a server that ignores ranges is refused, and the file is not fetched",
  () => new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)) })),
  async (url) => {
    await refused(
      () => urlSource(url).read(0, 5),
      "the server ignores ranges, and would send all of the file (status 200)",
    );
    await refused(() => urlSource(url).size(), "ignores ranges");
  },
);

served("a file that ends before the range is refused", (request) => answer(request, BYTES), async (url) => {
  const source = urlSource(url);
  await refused(() => source.read(BYTES.length, 5), `the file has ${BYTES.length} bytes (status 416)`);
  await refused(() => source.read(BYTES.length - 2, 5), `the server answered with bytes 299998 to 299999 of 300000`);
});

served("an empty file has a size", (request) => answer(request, new Uint8Array()), async (url) => {
  assertEquals(await urlSource(url).size(), 0);
});

const wrong: Readonly<Record<string, readonly [(request: Request) => Response, string]>> = {
  "another status": [() => new Response(null, { status: 404 }), "the server answered with status 404 Not Found"],
  "another range": [
    (request) => answer(request, BYTES, (headers) => (headers.set("Content-Range", "bytes 1-5/9"), {})),
    "the server answered with bytes 1 to 5 of 9",
  ],
  "no range": [
    (request) => answer(request, BYTES, (headers) => (headers.delete("Content-Range"), {})),
    "does not say which bytes it answers with",
  ],
  "compressed bytes": [
    (request) => answer(request, BYTES, (headers) => (headers.set("Content-Encoding", "br"), {})),
    "the server compresses the file (br)",
  ],
  "more bytes": [
    (request) => answer(request, BYTES, () => ({ body: new Uint8Array(9) })),
    "the answer has more than 5 bytes",
  ],
  "fewer bytes": [
    (request) => answer(request, BYTES, () => ({ body: new Uint8Array(3) })),
    "the answer ends after 3 bytes",
  ],
};
for (const [name, [handler, message]] of Object.entries(wrong)) {
  served(`an answer with ${name} is refused`, handler, (url) => refused(() => urlSource(url).read(0, 5), message));
}

let version = 0;
served("a file that changes between two reads is refused", (request) => {
  version++;
  return answer(request, BYTES, (headers) => (headers.set("ETag", `"${version >> 1}"`), {}));
}, async (url) => {
  version = 1;
  const source = urlSource(url);
  assertEquals(await source.read(0, 2), BYTES.slice(0, 2));
  assertEquals(await source.read(0, 3), BYTES.slice(0, 3));
  await refused(() => source.read(0, 4), "the file has changed since it was first read");
});

let failures = 0;
served("a read that failed can be tried again", (request) => {
  return failures-- > 0 ? new Response(null, { status: 503 }) : answer(request, BYTES);
}, async (url) => {
  failures = 1;
  const source = urlSource(url);
  await refused(() => source.read(0, 5), "status 503");
  assertEquals(await source.read(0, 5), BYTES.slice(0, 5));
});

for (
  const [url, options, message] of [
    ["file:///etc/passwd", {}, "url must be one of http or https"],
    ["model", {}, "url must be one of http or https"],
    [5, {}, "url must be one of http or https, not 5"],
    ["http://a/", { header: {} }, 'unknown "header"'],
    ["http://a/", { headers: 5 }, "headers must be an object"],
  ] as const
) {
  Deno.test(`urlSource() refuses ${url} with ${JSON.stringify(options)}`, () => {
    const error = assertThrows(() => urlSource(url as never, options as never), TtmError, message);
    assertEquals(error.code, "EINVAL");
  });
}
