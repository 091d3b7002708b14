import { missing, type Obstacle } from "../permissions.ts";

const PROBE = "console.log(await navigator.gpu?.requestAdapter() === null ? 'none' : 'some')";

/** Why tests on the adapter of `navigator.gpu` cannot run here. Asked in a process of its own, see `testApart`. */
export async function noAdapter(): Promise<Obstacle> {
  const denied = missing("read", "run");
  if (denied !== undefined) return denied;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", PROBE], stderr: "null" }).output();
  const found = new TextDecoder().decode(stdout).trim() === "some";
  return found ? undefined : "navigator.gpu has no adapter here";
}
