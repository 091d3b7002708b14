import { entryFiles, type Member, readMembers, ROOT } from "../members.ts";

/** The imports of each source of the packages, types included: paths from the root of the repository. */
export type Imports = ReadonlyMap<string, readonly string[]>;

interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier: string };
      readonly type?: { readonly specifier: string };
    }[];
  }[];
}

/** Reads the imports of all published sources by Deno's own parser, without imports by package name. */
export function readImports(members: readonly Member[] = readMembers()): Imports {
  const imports = new Map<string, string[]>();
  for (const file of members.flatMap(entryFiles)) {
    for (const { specifier, dependencies = [] } of graphOf(file).modules) {
      const from = pathOf(specifier);
      if (from === null || imports.has(from)) continue;
      const local = dependencies.filter((dependency) => dependency.specifier.startsWith("."));
      const targets = local.map(({ code, type }) => pathOf((code ?? type)?.specifier ?? ""));
      imports.set(from, [...new Set(targets.filter((target) => target !== null))]);
    }
  }
  return imports;
}

function graphOf(file: string): ModuleGraph {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", file], cwd: ROOT, stderr: "inherit" });
  return JSON.parse(new TextDecoder().decode(command.outputSync().stdout));
}

function pathOf(specifier: string): string | null {
  return specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : null;
}
