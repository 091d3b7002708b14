import { assert, assertEquals } from "@std/assert";
import { randomNumbers } from "../replay/workloads/random.ts";
import { gzip } from "./trace_testing.ts";
import { importMutations, prototypes } from "./testing_mutations.ts";
import { RECORDINGS } from "./testing_recordings.ts";

const COUNT = 1500;

for (const [name, file] of Object.entries(RECORDINGS)) {
  Deno.test(`${COUNT} damaged files like ${name} are read, or refused with a code and a position`, async () => {
    const before = prototypes();
    const { read, refused } = await importMutations(name, file, randomNumbers, 1, COUNT);
    assertEquals(read + refused, COUNT);
    assert(refused > COUNT / 10, `only ${refused} were refused`);
    assertEquals(prototypes(), before);
  });
}

Deno.test("damaged gzip data is refused with a code and a position", async () => {
  const file = await gzip(RECORDINGS["snapshot.pickle"] as Uint8Array<ArrayBuffer>);
  const { refused } = await importMutations("snapshot.pickle.gz", file, randomNumbers, 1, 300);
  assert(refused > 250, `only ${refused} were refused`);
});
