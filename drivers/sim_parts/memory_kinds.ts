import { TranslationTable } from "@ttm/core";
import { byteMemory, type MemoryKind } from "./memory.ts";
import { stampMemory } from "./stamp_memory.ts";

/** What contents can be: real bytes, or stamps for what does not fit this machine. */
export const memoryKinds: Readonly<Record<"bytes" | "stamps", MemoryKind<unknown>>> = {
  bytes: byteMemory as MemoryKind<unknown>,
  stamps: stampMemory as MemoryKind<unknown>,
};

/** A table of host pages that are made of such memory. */
export function tableOf(kind: MemoryKind<unknown>, pages: number): TranslationTable {
  const { codec } = kind;
  return new TranslationTable(pages, (count) => kind.create(count), codec === undefined ? {} : { codec });
}
