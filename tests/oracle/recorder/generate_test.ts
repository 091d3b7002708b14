import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { generate } from "./generate.ts";
import type { Operation } from "./operations.ts";
import { profileOf, PROFILES } from "./profiles.ts";
import { FakeRecorder } from "./recorder_testing.ts";

const OPERATIONS = 300;

async function operationsOf(family: string, seed: number, name?: string): Promise<Operation[]> {
  const profile = profileOf(family, seed, name);
  assert(profile !== undefined);
  const recorder = new FakeRecorder();
  await Array.fromAsync(generate(recorder, { family, seed, profile, operations: OPERATIONS }));
  return [...recorder.asked];
}

for (const [family, profiles] of Object.entries(PROFILES)) {
  Deno.test(`${family}: each profile makes traces as long as asked for, of operations on what is there`, async () => {
    for (const profile of profiles) {
      const recorder = new FakeRecorder();
      const lines = await Array.fromAsync(generate(recorder, { family, seed: 1, profile, operations: OPERATIONS }));
      const header = JSON.parse(lines[0] ?? "");
      assertEquals([lines.length - 1, recorder.asked.length], [OPERATIONS, OPERATIONS], profile.name);
      assertEquals([header.kind, header.profile, header.ops], [family, profile.name, OPERATIONS]);
    }
  });

  Deno.test(`${family}: the same seed makes the same operations, another one others`, async () => {
    const [once, again, other] = [
      await operationsOf(family, 3),
      await operationsOf(family, 3),
      await operationsOf(family, 4, profileOf(family, 3)?.name),
    ];
    assertEquals(once, again);
    assertNotEquals(once, other);
  });
}

Deno.test("seeds take turns with the profiles of their family", () => {
  const { length } = PROFILES["ttm"] ?? [];
  const names = Array.from({ length: length + 1 }, (_, at) => profileOf("ttm", at + 1)?.name);
  assertEquals(new Set(names).size, length);
  assertEquals(names.at(-1), names[0]);
  assertEquals(profileOf("ttm", 5, "p1-prio-align")?.name, "p1-prio-align");
  assertEquals(profileOf("ttm", 5, "p1"), undefined);
});

Deno.test("some profiles of each family of buffers ask for more than a memory type has", async () => {
  for (const [family, profiles] of Object.entries(PROFILES)) {
    for (const { name, over, tt, vram } of profiles.filter(({ over }) => over > 0)) {
      const pages = (await operationsOf(family, 1, name)).map(({ pages = 0 }) => pages);
      assert(pages.some((count) => count > vram), `${name} of ${family}`);
      assert(pages.some((count) => count > 0 && count <= vram), `${name} of ${family}`);
      assert(over < 0.5 && tt >= 0);
    }
    if (family.startsWith("ttm")) assert(profiles.some(({ over }) => over > 0), family);
  }
});

Deno.test("profiles combine devices, fences and shared reservations, tickets and execs, and odd sizes", () => {
  const all = Object.values(PROFILES).flat();
  assert(all.some(({ fences, ndev, nresv }) => fences > 0 && ndev >= 3 && nresv > 0));
  assert(all.some(({ nt, nx }) => nt === 5 && nx === 4));
  assert(all.some(({ buddy, ndev, vram }) => buddy > 0 && ndev > 1 && !Number.isInteger(Math.log2(vram))));
});

Deno.test("fences are numbered in the order in which they are made", async () => {
  let count = 0;
  for (const { f = 0, op } of await operationsOf("ttmf", 1)) {
    if (op === "addfence") {
      assert(f <= count);
      if (f === count) count++;
    }
    if (op === "signal") assert(f < count);
  }
  assert(count > 5);
});

Deno.test("no profile has a header that the replay refuses", () => {
  const all = Object.values(PROFILES).flat();
  assertEquals(all.filter(({ hop, vram_tt }) => hop > 0 && vram_tt > 0).map(({ name }) => name), []);
});
