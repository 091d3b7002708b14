import { assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missing, type Obstacle, testUnless } from "../../tests/permissions.ts";

const PROGRAM = new URL("./testing_full_disk.ts", import.meta.url).href;

/**
 * Shell scripts that run the program "$@" where 32 pages do not fit, with the directory and a command that frees space.
 */
const disks = {
  "whose files may not grow": {
    cause: "EFBIG",
    script: `trap "" XFSZ; ulimit -S -f 128; exec "$@" "$0" prlimit --pid $$ --fsize=unlimited`,
    tools: ["prlimit", "--version"],
  },
  "that is full": {
    cause: "ENOSPC",
    script: `exec unshare -Urm sh -c '
      mount -t tmpfs -o size=256k none "$0" && head -c 200000 /dev/zero > "$0/ballast" && exec "$@" "$0" rm "$0/ballast"
    ' "$0" "$@"`,
    tools: ["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"],
  },
};

/** Why a command cannot run on this machine; undefined if it can. */
function without([program = "", ...args]: readonly string[]): Obstacle {
  const obstacle = missing("read", "write", "env", "run");
  if (obstacle !== undefined) return obstacle;
  try {
    if (new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success) return undefined;
  } catch {
    // The program does not exist.
  }
  return `needs "${[program, ...args].join(" ")}" to work`;
}

for (const [name, { cause, script, tools }] of Object.entries(disks)) {
  testUnless(
    without(tools),
    `a disk ${name} is ENOSPC; the buffer stays in memory and is swapped out when there is room`,
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "ttm-test-"));
      try {
        const args = ["-c", script, directory, Deno.execPath(), "run", "--no-check", "--quiet", "-A", PROGRAM];
        const { stdout, stderr } = await new Deno.Command("sh", { args }).output();
        const [told, complaints] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
        assertEquals(complaints, "");
        assertEquals(JSON.parse(told ?? ""), {
          code: "ENOSPC",
          cause,
          full: { pages: 0, swapped: false, kept: [0, 0], intact: true },
          success: true,
          roomy: { pages: 32, swapped: true, kept: [32 * 4096, 1], intact: true },
        });
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  );
}
