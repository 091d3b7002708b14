// deno-lint-ignore-file no-console -- this is a command
// Tries the publication of every package, as far as it goes without uploading.
import { runCommand } from "./command.ts";
import { readMembers, ROOT } from "./members.ts";

await runCommand({
  help: `Tries the publication of every package, as far as it goes without uploading.

Usage: deno task publish:check

  --help`,
  options: {},
  async run() {
    for (const { name, folder } of readMembers()) {
      console.log(`${name}:`);
      const command = new Deno.Command(Deno.execPath(), {
        args: ["publish", "--dry-run", "--allow-dirty"],
        cwd: new URL(folder, ROOT),
      });
      const { success } = await command.spawn().status;
      if (!success) return 1;
    }
    return 0;
  },
});
