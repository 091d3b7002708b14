import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const PREFIX = "ttm-swap";

/** A new folder for the files of one store, whose name says which process they belong to. */
export function makeFolder(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const folder = join(directory, `${PREFIX}-${process.pid}-${crypto.randomUUID()}`);
  mkdirSync(folder);
  return folder;
}

/** Removes the folders of processes that do not run any more; returns their names. */
export function removeStaleFolders(directory: string): string[] {
  const stale = readdirSync(directory).filter((name) => {
    const [, pid] = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name) ?? [];
    return pid !== undefined && isGone(Number(pid));
  });
  for (const name of stale) rmSync(join(directory, name), { recursive: true, force: true });
  return stale;
}

/** Whether there is certainly no such process; one that may not be asked after counts as running. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
