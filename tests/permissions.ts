/** Why a test cannot run here; undefined if it can. */
export type Obstacle = string | undefined;

/** The network is this machine. */
function descriptor(name: Deno.PermissionDescriptor["name"]): Deno.PermissionDescriptor {
  return name === "net" ? { name, host: "127.0.0.1" } : { name };
}

/** The first permission that the tests have not been granted, as an obstacle. Never asks for one. */
export function missing(...permissions: Deno.PermissionDescriptor["name"][]): Obstacle {
  const name = permissions.find((name) => Deno.permissions.querySync(descriptor(name)).state !== "granted");
  return name === undefined ? undefined : `needs --allow-${name}, use deno task test`;
}

/** Registers a test that is ignored if there is an obstacle, with the reason in its name. */
export function testUnless(obstacle: Obstacle, name: string, fn: (t: Deno.TestContext) => void | Promise<void>): void {
  const ignore = obstacle !== undefined;
  Deno.test({ name: ignore ? `${name} (skipped: ${obstacle})` : name, ignore, fn });
}

/** Registers a test that is ignored, with the reason in its name, unless all permissions are granted. */
export function testWith(
  permissions: readonly Deno.PermissionDescriptor["name"][],
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  testUnless(missing(...permissions), name, fn);
}
