// deno-lint-ignore-file no-console -- this is a command
// Tries the publication of every package, as far as it goes without uploading.
import { readMembers, ROOT } from "./members.ts";

for (const { name, folder } of readMembers()) {
  console.log(`${name}:`);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd: new URL(folder, ROOT),
  });
  const { success } = await command.spawn().status;
  if (!success) Deno.exit(1);
}
