import process from "node:process";

const WIDTH = 40;

/** A progress bar on standard error; undefined if that is not a terminal. */
export function progressBar(total: number): { update(done: number): void; clear(): void } | undefined {
  const { stderr } = process;
  if (!stderr.isTTY || total === 0) return undefined;
  let drawn = -1;
  return {
    update(done) {
      const percent = Math.floor((100 * done) / total);
      if (percent === drawn) return;
      drawn = percent;
      const full = Math.round((WIDTH * percent) / 100);
      stderr.write(`\r${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${percent} %`);
    },
    clear: () => void stderr.write(`\r${" ".repeat(WIDTH + 8)}\r`),
  };
}
