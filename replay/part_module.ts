import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "./usage_error.ts";

/** Whether the value of an option is the path of a module, not a name. */
export function isModulePath(value: string): boolean {
  return /[/\\]|\.(ts|js|mjs)$/.test(value);
}

/**
 * Loads a module whose default export makes a part.
 *
 * @param option The option that names the module, for messages.
 * @returns Its default export; errors that it throws become a `UsageError`.
 * @throws {UsageError} If the file does not exist or does not load, or its default export is not a function.
 */
export async function loadFactory<Factory extends (...args: never[]) => unknown>(
  option: string,
  path: string,
): Promise<Factory> {
  const refuse = (why: string, cause?: unknown) =>
    new UsageError(`Cannot use --${option} ${JSON.stringify(path)}: ${firstLine(why)}`, { cause });
  if (!existsSync(path) || !statSync(path).isFile()) throw refuse("there is no such file");
  let make: unknown;
  try {
    make = (await import(pathToFileURL(resolve(path)).href)).default;
  } catch (cause) {
    throw refuse(`it does not load: ${messageOf(cause)}`, cause);
  }
  if (typeof make !== "function") throw refuse("its default export must be a function that makes the part");
  const factory = (...args: unknown[]) => {
    try {
      return make(...args);
    } catch (cause) {
      throw refuse(`its default export throws: ${messageOf(cause)}`, cause);
    }
  };
  return factory as unknown as Factory;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}
