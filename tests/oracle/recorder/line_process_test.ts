import { assert, assertEquals, assertRejects } from "@std/assert";
import { testWith } from "../../permissions.ts";
import { LineProcess, NoAnswer } from "./line_process.ts";

const PATIENCE_MS = 30_000;
/** Answers each line with itself and the number of lines so far; hangs at "sleep", ends at "exit". */
const SHELL = `n=0; while read -r line; do
  n=$((n + 1))
  [ "$line" = sleep ] && sleep 1000
  [ "$line" = exit ] && exit
  printf '%s %s\\n' "$line" $n
done`;

async function withProcess(use: (process: LineProcess) => Promise<void>): Promise<void> {
  const process = new LineProcess(["sh", "-c", SHELL]);
  try {
    await use(process);
  } finally {
    await process.close();
  }
}

testWith(["run"], "a process answers line by line, however long the lines are", () =>
  withProcess(async (process) => {
    const long = "x".repeat(100_000);
    for (const [at, line] of ["a", long, "b"].entries()) {
      assertEquals(await process.ask(line, PATIENCE_MS), `${line} ${at + 1}`);
    }
  }));

testWith(
  ["run"],
  "a process that hangs is killed, and the next line finds a fresh one",
  () =>
    withProcess(async (process) => {
      assertEquals(await process.ask("a", PATIENCE_MS), "a 1");
      await assertRejects(() => process.ask("sleep", 100), NoAnswer, "no answer within 100 ms");
      assert(!process.isRunning);
      assertEquals(await process.ask("b", PATIENCE_MS), "b 1");
    }),
);

testWith(
  ["run"],
  "a process that ends instead of answering is told apart, and replaced as well",
  () =>
    withProcess(async (process) => {
      await assertRejects(() => process.ask("exit", PATIENCE_MS), NoAnswer, "the process ended");
      assertEquals(await process.ask("b", PATIENCE_MS), "b 1");
    }),
);
