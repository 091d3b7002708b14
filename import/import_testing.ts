import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ImportOptions, importRecording } from "./import.ts";
import { WorkloadError } from "./workload.ts";

/** For tests: the bytes of a file, of text or as they are. */
export function bytesOf(file: string | Uint8Array): Uint8Array {
  return typeof file === "string" ? new TextEncoder().encode(file) : file;
}

/** For tests: fails unless the file is refused at the position, with this end of the message. */
export async function refused(
  file: string | Uint8Array,
  position: { readonly line?: number; readonly offset?: number },
  why: string,
  options: ImportOptions = {},
): Promise<void> {
  const error = await assertRejects(() => importRecording("file", bytesOf(file), options), WorkloadError);
  assert(error.message.includes(why), error.message);
  assertEquals([error.code, error.line, error.offset], ["EINVAL", position.line, position.offset], error.message);
}
