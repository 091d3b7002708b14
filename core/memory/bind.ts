import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import type { Operation } from "../state/operation.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import { unpopulate } from "./populate.ts";
import { forgetSwap } from "./swap_in.ts";
import { byteTable, TranslationTable } from "../contract/translation_table.ts";

const { DONE, EIO, ENOMEM } = outcomes;

/** Makes the translation table of a buffer, without pages; false if the driver makes none. */
export function createTable(state: DeviceState, buffer: BufferRecord, op: Operation): boolean {
  const { driver } = state;
  try {
    buffer.tt = tableFor(state, buffer);
  } catch (error) {
    op.fail(error, ENOMEM);
  }
  if (buffer.tt === null && op.cause === undefined) {
    op.cause = new TtmError("ENOMEM", `driver "${driver.name}" made no translation table`);
  }
  return buffer.tt !== null;
}

function tableFor({ driver }: DeviceState, buffer: BufferRecord): TranslationTable | null {
  const { imported } = buffer;
  if (imported !== null) return importedTable(buffer.pages, imported);
  return driver.createTranslationTable === undefined ? byteTable(buffer.pages) : driver.createTranslationTable(buffer);
}

/** The table of imported pages: it is populated from the start, with the contents of the buffer. */
export function importedTable(pages: number, imported: Uint8Array): TranslationTable {
  const table = new TranslationTable(pages, () => imported, { external: true });
  table.populate();
  return table;
}

/** Binds a table's pages into a memory type. */
export function bind(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable,
  memoryType: string,
  start: number,
  op: Operation,
): Outcome {
  try {
    state.driver.bind?.(buffer, table, memoryType, start);
  } catch (error) {
    return op.fail(error, EIO);
  }
  table.noteBound(memoryType, start);
  return DONE;
}

/** Unbinds a table's pages, if they are bound. */
export function unbind(state: DeviceState, buffer: BufferRecord, table: TranslationTable): void {
  if (table.boundTo === null) return;
  state.driver.unbind?.(buffer, table);
  table.noteUnbound();
}

/** Unbinds and frees a table's pages and discards their contents, also in the swap store. */
export function emptyTable(state: DeviceState, buffer: BufferRecord, table: TranslationTable): void {
  unbind(state, buffer, table);
  unpopulate(state, table);
  if (table.swap !== null) forgetSwap(table);
}
