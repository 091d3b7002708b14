import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const PREFIX = "ttm-swap";

/** Creates a folder for the files of one store; its name contains the id of this process. */
export function makeFolder(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const folder = join(directory, `${PREFIX}-${process.pid}-${crypto.randomUUID()}`);
  mkdirSync(folder);
  return folder;
}

/** Removes the folders of processes that no longer run; returns their names. */
export function removeStaleFolders(directory: string): string[] {
  const stale = readdirSync(directory).filter((name) => {
    const [, pid] = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name) ?? [];
    return pid !== undefined && isGone(Number(pid));
  });
  for (const name of stale) rmSync(join(directory, name), { recursive: true, force: true });
  return stale;
}

/** Whether a process certainly does not exist; without permission to signal it, it counts as running. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
