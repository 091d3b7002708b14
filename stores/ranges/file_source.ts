/**
 * Bytes of a file, for Deno and Node: {@linkcode fileSource}.
 *
 * @example A store over the tensors of a file
 * ```ts ignore
 * import { safetensors } from "@ttm/range-store";
 * import { fileSource } from "@ttm/range-store/file";
 *
 * const { store, tensors } = await safetensors(fileSource("model.safetensors"));
 * ```
 *
 * @module
 */
import { open, stat } from "node:fs/promises";
import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import type { ByteSource } from "./byte_source.ts";

export type { ByteSource };

/**
 * The bytes of a file, which is opened for each read, so that there is nothing to close. Needs permission to read it.
 *
 * @throws {TtmError} `EINVAL` if `path` is neither a path nor a URL of a file.
 */
export function fileSource(path: string | URL): ByteSource {
  if (typeof path !== "string" && !(path instanceof URL)) {
    throw new TtmError("EINVAL", `Cannot create file source: path must be a path or a URL, not ${show(path)}`);
  }
  return {
    name: `${path}`,
    size: async () => (await stat(path)).size,
    read: async (offset, length) => {
      const file = await open(path);
      try {
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length;) {
          const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) throw new Error(`the file ends at byte ${offset + done}`);
          done += bytesRead;
        }
        return bytes;
      } finally {
        await file.close();
      }
    },
  };
}
