import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { readMembers, ROOT, specifiers } from "../members.ts";
import { missing, type Obstacle, testUnless } from "../permissions.ts";
import { findChromium } from "./chromium.ts";
import { uses } from "./commands.ts";
import { builtinsOf, filesOf } from "./graph.ts";
import { ownFolder } from "./own_folder.ts";
import { run, versionOf } from "./process.ts";
import { suites } from "./programs/suites.ts";
import { canBundle, equipped, installed, onChromium, onDeno, onNode, type RuntimeRun } from "./runs.ts";
import { filesBelow } from "./registry.ts";
import { cell, parseTable } from "./table.ts";
import { softwareGpu } from "./tools.ts";

const FIRST = `\
mesh in vram: 1,2,3,4
mesh in gtt: 1,2,3,4
texture in vram: 5,6,7,8
mesh in vram: 1,2,3,4
texture in gtt: 5,6,7,8
`;
const FIRST_NEEDS = ["@ttm/core", "@ttm/radeon-sim", "@ttm/sim-parts"];
// The third line is that of a GPU, if there is one.
const TOGETHER = /^(\S+: 4 of 8 in VRAM, they read 0,1,2,3,4,5,6,7\n){2,3}$/;

const names = () => readMembers().map(({ name }) => name);

const denied = missing("read", "write", "run", "env", "net");
const noNode: Obstacle = denied ?? (await versionOf("npm") === null ? "needs Node with npm" : undefined);
const noChromium: Obstacle = noNode ?? (findChromium() === null ? "needs Chromium" : undefined);
const noBundler: Obstacle = noChromium ?? (await canBundle() ? undefined : "deno bundle cannot get its bundler");

/** Fails unless every entry point did as it should, or needs what the runtime has not. */
async function assertWorks({ reports }: RuntimeRun, hasBuiltins: boolean): Promise<void> {
  assertEquals(Object.keys(reports), names());
  for (const member of readMembers()) {
    const report = reports[member.name];
    assert(report !== undefined, member.name);
    assertEquals(report.failed, [], member.name);
    const lacks = hasBuiltins ? [] : await builtinsOf(member);
    if (lacks.length === 0) assertEquals(report.notImported, {}, member.name);
    for (const entry of specifiers(member)) {
      const why = report.notImported[entry] ?? report.untried[entry];
      assert(why !== undefined || Number(report.passed[entry]) > 0, `${entry} was not used`);
    }
  }
}

/** Says in the results that a test has not done all, and why. */
async function skipped(t: Deno.TestContext, why: string): Promise<void> {
  await t.step({ name: `skipped: ${why}`, ignore: true, fn() {} });
}

testUnless(denied, "Deno runs a program with core and a driver from a registry, and fetches only these", async () => {
  const { first, fetched, packages } = await onDeno();
  assertEquals(first, FIRST);
  const allowed = packages.filter(({ name }) => FIRST_NEEDS.includes(name)).flatMap(
    ({ name, version, manifest }) => [
      `/${name}/meta.json`,
      `/${name}/${version}_meta.json`,
      ...Object.keys(manifest).map((path) => `/${name}/${version}${path}`),
    ],
  );
  assertEquals(fetched.filter((path) => !allowed.includes(path)), []);
  assert(fetched.includes("/@ttm/radeon-sim/meta.json") && fetched.includes("/@ttm/core/meta.json"));
});

testUnless(
  denied,
  "a published package has the modules that its entry points need, README, licence and configuration",
  async () => {
    const { packages } = await onDeno();
    for (const [i, member] of readMembers().entries()) {
      const files = Object.keys(packages[i]?.manifest ?? {});
      const besides = files.filter((path) => /^\/(LICENSE|[A-Z]+\.md|deno\.json)$/.test(path));
      for (const path of ["/README.md", "/LICENSE", "/deno.json"]) {
        assert(besides.includes(path), `${member.name} has no ${path}`);
      }
      const modules = files.filter((path) => !besides.includes(path));
      assertEquals(modules.toSorted(), (await filesOf(member)).toSorted(), member.name);
    }
  },
);

testUnless(denied, "Deno uses every entry point from a registry, with types", async () => {
  const run = await onDeno();
  assertMatch(run.together, TOGETHER);
  await assertWorks(run, true);
});

testUnless(
  noNode,
  "npm tarballs have every published module, and declare their dependencies",
  async () => {
    const { packages } = await onDeno();
    const folder = `${await installed()}/node_modules`;
    for (const { name, manifest } of packages) {
      const modules = (await filesBelow(`${folder}/${name}`)).map(([path]) => path).filter((path) =>
        path.endsWith(".js")
      );
      const sources = Object.keys(manifest).filter((path) => path.endsWith(".ts"));
      assertEquals(modules.map((path) => path.replace(/js$/, "ts")).toSorted(), sources.toSorted(), name);
      const { dependencies } = JSON.parse(await Deno.readTextFile(`${folder}/${name}/package.json`));
      assertEquals("@ttm/core" in dependencies, name !== "@ttm/core", name);
    }
  },
);

testUnless(noNode, "each tarball has its licence and the metadata for npm and bundlers", async () => {
  const folder = `${await installed()}/node_modules`;
  for (const member of readMembers()) {
    const { name } = member;
    const settings = JSON.parse(await Deno.readTextFile(`${folder}/${name}/package.json`));
    assertMatch(await Deno.readTextFile(`${folder}/${name}/LICENSE`), /^MIT License/);
    assertEquals([settings.license, settings.engines, settings.type], ["MIT", { node: ">=20" }, "module"]);
    assertEquals([settings.description, settings.repository.directory ?? ""], [
      member.description,
      member.folder.replace(/\/$/, ""),
    ]);
    assert(settings.description.length > 20 && settings.keywords.includes("gpu"), name);
    const commands = Object.keys(uses).filter((entry) => entry.startsWith(`${name}/`));
    if (commands.length === 0) assertEquals([settings.sideEffects, settings.bin], [false, undefined], name);
    else assertEquals(settings.sideEffects, Object.values(settings.bin), name);
    assertEquals(Object.keys(settings.bin ?? {}).length, commands.length, name);
  }
});

testUnless(noNode, "Node uses every entry point from tarballs of npm", async () => {
  const run = await onNode();
  assertEquals(run.first, FIRST);
  assertMatch(run.together, TOGETHER);
  await assertWorks(run, true);
});

testUnless(noNode, "a new part is refused on Node where Node would not resolve its imports", async () => {
  const cwd = await installed();
  const away = `${ownFolder()}/away`;
  const args = ["--offline", "@ttm/testing", "driver", "my-gpu", "--scope", "@me", "--to", away];
  const message = `Cannot start driver "my-gpu": Node finds the packages of @ttm in ${cwd} only`;
  await assertRejects(() => run("npx", args, { cwd, clean: true }), Error, message);
  await assertRejects(() => Deno.stat(away), Deno.errors.NotFound);
});

testUnless(noNode, "the WebGPU driver and new parts pass their suites on Dawn under Node", async (t) => {
  const { reports } = await onNode();
  if (await equipped() === null) return await skipped(t, "npm cannot get webgpu (Dawn) and tsx");
  assertEquals(reports["@ttm/testing"]?.untried, {});
  const why = reports["@ttm/webgpu"]?.untried["@ttm/webgpu"];
  if (why !== undefined && Object.keys(softwareGpu()).length === 0) return await skipped(t, `Dawn finds ${why}`);
  assert(Number(reports["@ttm/webgpu"]?.passed["@ttm/webgpu"]) > 20, why);
});

testUnless(noNode, "the layers example runs on Node with Dawn", async (t) => {
  const cwd = await equipped();
  if (cwd === null) return await skipped(t, "npm cannot get webgpu (Dawn) and tsx");
  const source = new URL("examples/layers/", ROOT);
  await Deno.mkdir(`${cwd}/layers`);
  for (const { name } of Deno.readDirSync(source)) await Deno.copyFile(new URL(name, source), `${cwd}/layers/${name}`);
  const example = () => run("npx", ["--offline", "tsx", "layers/main.ts", "--steps", "2"], { cwd, env: softwareGpu() });
  if (Object.keys(softwareGpu()).length === 0) {
    const printed = await example().catch(({ message }: Error) => message);
    if (printed.includes("Dawn finds no adapter")) return await skipped(t, "Dawn finds no adapter");
  }
  assertMatch(await example(), /^24 matrices, .*\nby hand .*\nwith @ttm .*\nfrom a store .*\n$/);
});

testUnless(noChromium, "Chromium uses every entry point that needs no Node module", async () => {
  const run = await onChromium();
  assertEquals(run.first, FIRST);
  assertMatch(run.together, TOGETHER);
  await assertWorks(run, false);
});

testUnless(noBundler, "Chromium runs bundled programs", async () => {
  const { bundled, together } = await onChromium();
  assertEquals(bundled, [FIRST, together]);
});

testUnless(missing("read"), "every entry point has a suite or a use that is run on the runtimes", () => {
  const entries = readMembers().flatMap(specifiers);
  assertEquals(entries.toSorted(), [...Object.keys(suites), ...Object.keys(uses)].toSorted());
});

testUnless(missing("read"), "the table in the README has all packages, and runtimes where they work", () => {
  const cells = parseTable(Deno.readTextFileSync(new URL("README.md", ROOT)));
  assertEquals(Object.keys(cells), names(), "deno task compat writes the table anew");
  for (const [name, row] of Object.entries(cells)) {
    assertEquals(Object.keys(row), ["Deno", "Node", "Chromium"]);
    assertEquals(Object.values(row).filter((text) => !/^(✓|– \(.+\))/.test(text)), [], name);
  }
});

for (
  const [runtime, obstacle, run] of [
    ["Deno", denied, onDeno],
    ["Node", noNode, onNode],
    ["Chromium", noChromium, onChromium],
  ] as const
) {
  testUnless(obstacle, `the table in the README is right for ${runtime}`, async () => {
    const cells = parseTable(await Deno.readTextFile(new URL("README.md", ROOT)));
    const { reports } = await run();
    for (const member of readMembers()) {
      const report = reports[member.name];
      assert(report !== undefined, member.name);
      // Notes differ with the machine: not every one has a GPU.
      assertEquals(cells[member.name]?.[runtime]?.[0], (await cell(member, report))[0], member.name);
    }
  });
}
