import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { TtmError } from "@ttm/core";
import { testReadOnlyStore } from "@ttm/testing";
import { DTYPE_BITS } from "./dtypes.ts";
import { blobSource, type ByteSource, safetensors } from "./mod.ts";
import { fileOf, safetensorsOf, type Sample } from "./testing_safetensors.ts";

const source = (bytes: Uint8Array) => blobSource(new Blob([bytes as Uint8Array<ArrayBuffer>]));

async function refused(file: Uint8Array, message: string): Promise<void> {
  const error = await assertRejects(() => safetensors(source(file)), TtmError);
  assertEquals(error.code, "EIO");
  assert(error.message.includes(message), `${error.message}, and not ${message}`);
}

const samples: readonly Sample[] = [
  { name: "embed.weight", dtype: "F32", shape: [2, 3], bytes: new Uint8Array(24).map((_, at) => at) },
  { name: "empty", dtype: "F16", shape: [0, 7], bytes: new Uint8Array() },
  { name: "scale", dtype: "F64", shape: [], bytes: new Uint8Array(8).fill(9) },
  { name: 'ü "quoted" \n', dtype: "F4", shape: [4, 2], bytes: new Uint8Array(4).fill(1) },
  { name: "__proto__", dtype: "BOOL", shape: [5], bytes: new Uint8Array(5).fill(1) },
];

Deno.test("tensors, their places in the file, and what the file says of itself are read from the header", async () => {
  const metadata = { format: "pt", "__proto__": "text" };
  const file = safetensorsOf(samples, metadata, 5);
  const { tensors, metadata: found, store } = await safetensors(source(file));
  assertEquals(found, metadata);
  let offset = file.length - samples.reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const [at, { name, dtype, shape, bytes }] of samples.entries()) {
    assertEquals(tensors[at], { name, dtype, shape, offset, bytes: bytes.length });
    assertEquals(await store.read(name), bytes);
    offset += bytes.length;
  }
});

Deno.test("of a file only the header is read, and of the store only what is asked for", async () => {
  const file = safetensorsOf(samples);
  const reads: [number, number][] = [];
  const inner = source(file);
  const watched: ByteSource = {
    name: "watched",
    size: () => inner.size(),
    read: (offset, length) => (reads.push([offset, length]), inner.read(offset, length)),
  };
  const { store, tensors } = await safetensors(watched);
  const start = tensors[0]?.offset ?? 0;
  assertEquals(reads, [[0, 8], [8, start - 8]]);
  await store.read("scale");
  await store.read("empty");
  assertEquals(reads.slice(2), [[start + 24, 8]]);
});

testReadOnlyStore({
  test: Deno.test,
  name: "safetensors",
  async factory() {
    const { store } = await safetensors(source(safetensorsOf(samples)));
    return { store, contents: new Map(samples.map(({ name, bytes }) => [name, bytes])) };
  },
});

const tensor = (members: object) =>
  JSON.stringify({ a: { dtype: "U8", shape: [4], data_offsets: [0, 4], ...members } });
const two = (first: [number, number], second: [number, number]) =>
  `{"a":{"dtype":"U8","shape":[${first[1] - first[0]}],"data_offsets":[${first}]},` +
  `"b":{"dtype":"U8","shape":[${second[1] - second[0]}],"data_offsets":[${second}]}}`;
const four = new Uint8Array(4);
const malformed: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  "is empty": [new Uint8Array(), "at byte 0, the file ends before the 8 bytes"],
  "has no whole length": [new Uint8Array(7), "at byte 7, the file ends before the 8 bytes"],
  "has a header longer than itself": [
    fileOf("{}", four, 7n),
    "at byte 0, the header has 7 bytes, and the file ends after 14",
  ],
  "has a header that is too long": [fileOf("{}", four, 100_000_001n), "more than 100000000 are refused"],
  "has a header longer than a number can be": [fileOf("{}", four, 2n ** 64n - 1n), "has 18446744073709551615 bytes"],
  "has no header": [fileOf("", new Uint8Array()), 'at byte 8, the header begins with "", not with "{"'],
  "begins with a space": [fileOf(" {}", new Uint8Array()), 'begins with " "'],
  "begins with a byte order mark": [fileOf("\ufeff{}", new Uint8Array()), "the header begins with"],
  "has a list as its header": [fileOf("[]", new Uint8Array()), 'begins with "["'],
  "has broken JSON": [fileOf('{"a":', four), "at byte 8, the header is no JSON: "],
  "has no UTF-8": [fileOf(new Uint8Array([0x7b, 0xff, 0x7d]), four), "at byte 8, the header is no UTF-8"],
  "has two tensors of one name": [
    fileOf(`{"ü":1,"a":{},  "b":"a\\":",  "\\u0061"   : {}}`, four),
    'at byte 38, there are two entries "a"',
  ],
  "has metadata that is no text": [
    fileOf('{"__metadata__":{"a":1}}', new Uint8Array()),
    "at byte 9, __metadata__ is no",
  ],
  "has metadata that is no object": [fileOf('{"__metadata__":["a"]}', new Uint8Array()), "__metadata__ is no object"],
  "has a tensor that is no object": [fileOf('{"a":[]}', four), 'at byte 9, "a" is no object'],
  "has a tensor with more": [fileOf(tensor({ stride: 1 }), four), '"a" has an unknown member "stride"'],
  "has an unknown dtype": [fileOf(tensor({ dtype: "F31" }), four), '"a" has the unknown dtype "F31"'],
  "has no dtype": [fileOf(tensor({ dtype: undefined }), four), '"a" has the unknown dtype undefined'],
  "has a negative shape": [fileOf(tensor({ shape: [-4] }), four), '"a" has the shape [-4]'],
  "has a shape of fractions": [fileOf(tensor({ shape: [0.5, 8] }), four), '"a" has the shape [0.5,8]'],
  "has a shape of text": [fileOf(tensor({ shape: "4" }), four), '"a" has the shape "4"'],
  "has a shape beyond all numbers": [fileOf(tensor({ shape: [2 ** 40, 2 ** 40] }), four), "its shape takes no whole"],
  "has half a byte": [fileOf(tensor({ dtype: "F4", shape: [7] }), four), "its shape takes no whole number"],
  "has no offsets": [fileOf(tensor({ data_offsets: undefined }), four), '"a" has the data_offsets undefined'],
  "has one offset": [fileOf(tensor({ data_offsets: [4] }), four), '"a" has the data_offsets [4]'],
  "has offsets the wrong way round": [fileOf(tensor({ data_offsets: [4, 0] }), four), "data_offsets 4 to 0"],
  "has a tensor beyond its end": [
    fileOf(tensor({ shape: [5], data_offsets: [0, 5] }), four),
    "has the data_offsets 0 to 5, and there are 4 bytes of data",
  ],
  "has offsets beyond all numbers": [
    fileOf(tensor({ data_offsets: [0, 1e300] }), four),
    "has the data_offsets [0,1e+300]",
  ],
  "has too many bytes for a shape": [fileOf(tensor({ shape: [3] }), four), '"a" has 4 bytes, and its shape takes 3'],
  "has too few bytes for a shape": [fileOf(tensor({ dtype: "F32" }), four), '"a" has 4 bytes, and its shape takes 16'],
  "has tensors that overlap": [fileOf(two([0, 3], [2, 4]), four), '"b" overlaps the tensor before it'],
  "has a gap before a tensor": [fileOf(two([0, 1], [3, 4]), four), 'no tensor has the 2 bytes before "b"'],
  "has bytes that no tensor has": [fileOf(two([0, 1], [1, 3]), four), "no tensor has the last 1 bytes"],
};
for (const [what, [file, message]] of Object.entries(malformed)) {
  Deno.test(`a file that ${what} is refused, and the message says where`, () => refused(file, message));
}

Deno.test("what fails to be read is EIO with the cause, and what is no source is EINVAL", async () => {
  const broken = (members: Partial<ByteSource>): ByteSource => ({
    ...source(safetensorsOf(samples)),
    name: "x",
    ...members,
  });
  const cause = new Error("the disk is gone");
  for (const members of [{ size: () => Promise.reject(cause) }, { read: () => Promise.reject(cause) }]) {
    const error = await assertRejects(() => safetensors(broken(members)), TtmError, "the disk is gone");
    assertEquals([error.code, error.cause], ["EIO", cause]);
  }
  const short = broken({ read: (_offset, length) => Promise.resolve(new Uint8Array(length - 1)) });
  await assertRejects(() => safetensors(short), TtmError, "Cannot read 8 bytes from byte 0 of x: it gave 7 bytes");
  const error = await assertRejects(() => safetensors({} as never), TtmError, "source.size must be a function");
  assertEquals(error.code, "EINVAL");
});

const dtypes = [...DTYPE_BITS.keys()];
const anySample = fc.record({
  name: fc.string({ unit: "grapheme", maxLength: 8 }).filter((name) => name !== "__metadata__"),
  dtype: fc.constantFrom(...dtypes),
  shape: fc.array(fc.nat(4), { maxLength: 3 }),
}).map(({ name, dtype, shape }) => {
  // A whole number of bytes for the types that are smaller than one.
  const eights = [8, ...shape];
  const bytes = eights.reduce((product, count) => product * count, 1) * (DTYPE_BITS.get(dtype) ?? 0) / 8;
  return { name, dtype, shape: eights, bytes: new Uint8Array(bytes).fill(name.length + 1) };
});
const anySamples = fc.uniqueArray(anySample, { selector: ({ name }) => name, maxLength: 6 });

Deno.test("whatever tensors a file has, each of them is found with its bytes", async () => {
  await fc.assert(fc.asyncProperty(anySamples, async (samples) => {
    const { store, tensors } = await safetensors(source(safetensorsOf(samples)));
    assertEquals(tensors.map(({ name }) => name).toSorted(), samples.map(({ name }) => name).toSorted());
    for (const { name, bytes } of samples) assertEquals(await store.read(name), bytes);
  }));
});

Deno.test("whatever is damaged in a file, it is refused with a place, or its tensors still cover it", async () => {
  const damage = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(anySamples, damage, fc.nat(), async (samples, changes, cut) => {
      const whole = safetensorsOf(samples, { format: "pt" });
      const header = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true));
      for (const { at, byte } of changes) whole[at % header] = byte;
      const file = cut % 4 === 0 ? whole.subarray(0, cut % whole.length) : whole;
      try {
        const { tensors } = await safetensors(source(file));
        const covered = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
        assertEquals(covered, file.length - (tensors[0]?.offset ?? file.length));
      } catch (error) {
        assert(error instanceof TtmError && /at byte \d+, /.test(error.message), String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
