/**
 * A game and a browser with many tabs on one card, with and without protection: `deno task example:groups`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { runCommand } from "../../tests/command.ts";
import { type Habit, MiB, playBeside } from "./scenario.ts";

const PROTECTED = 160 * MiB;

await runCommand({
  help: `Plays a game beside a browser that has filled VRAM, without and with protection of the game's memory.

Usage: deno task example:groups [--help]`,
  options: {},
  async run() {
    console.log("| when VRAM is full | min of the game | game in GTT | evictions of the game | moved |");
    console.log("| ----------------- | --------------- | ----------- | --------------------- | ----- |");
    for (const habit of ["falls back", "evicts"] satisfies Habit[]) {
      for (const min of [0, PROTECTED]) {
        const { gameInGtt, gameEvictions, bytesMoved } = await playBeside(habit, min);
        const cells = [habit, mib(min), mib(gameInGtt), gameEvictions, mib(bytesMoved)];
        console.log(`| ${cells.join(" | ")} |`);
      }
    }
    return 0;
  },
});

function mib(bytes: number): string {
  return `${Math.round(bytes / MiB).toLocaleString("en")} MiB`;
}
