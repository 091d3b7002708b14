import { TranslationTable } from "@ttm/core";
import { byteMemory, type MemoryKind } from "./memory.ts";
import { stampMemory } from "./stamp_memory.ts";

/** The kinds of contents: real bytes, or stamps for workloads larger than this machine's memory. */
export const memoryKinds: Readonly<Record<"bytes" | "stamps", MemoryKind<unknown>>> = {
  bytes: byteMemory as MemoryKind<unknown>,
  stamps: stampMemory as MemoryKind<unknown>,
};

/** A translation table whose pages are memory of this kind. */
export function tableOf(kind: MemoryKind<unknown>, pages: number): TranslationTable {
  const { codec } = kind;
  return new TranslationTable(pages, (count) => kind.create(count), codec === undefined ? {} : { codec });
}
