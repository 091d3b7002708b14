import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, EIO, ENOMEM, type Outcome } from "../base/outcome.ts";
import { unpopulate } from "./populate.ts";
import { forgetSwap } from "./swap_in.ts";
import { byteTable, TranslationTable } from "../contract/translation_table.ts";

/** Gives a buffer a table without pages; false if the driver has none to give. */
export function createTable(state: DeviceState, buffer: BufferRecord, op: Operation): boolean {
  const { driver } = state;
  try {
    buffer.tt = tableFor(state, buffer);
  } catch (error) {
    op.fail(error, ENOMEM);
  }
  if (buffer.tt === null && op.cause === undefined) {
    op.cause = new TtmError("ENOMEM", `driver "${driver.name}" made no table`);
  }
  return buffer.tt !== null;
}

function tableFor({ driver }: DeviceState, buffer: BufferRecord): TranslationTable | null {
  const { imported } = buffer;
  if (imported !== null) return importedTable(buffer.pages, imported);
  return driver.createTranslationTable === undefined ? byteTable(buffer.pages) : driver.createTranslationTable(buffer);
}

/** The table of pages that belong to somebody else: they are there from the start, and hold what the buffer holds. */
export function importedTable(pages: number, imported: Uint8Array): TranslationTable {
  const table = new TranslationTable(pages, () => imported, { external: true });
  table.populate();
  return table;
}

/** Makes a table's pages visible to the device. */
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

/** Takes the pages from the device's view, if they are in it. */
export function unbind(state: DeviceState, buffer: BufferRecord, table: TranslationTable): void {
  if (table.boundTo === null) return;
  state.driver.unbind?.(buffer, table);
  table.noteUnbound();
}

/** Drops a table's pages and with them what they hold, in the swap store too. */
export function emptyTable(state: DeviceState, buffer: BufferRecord, table: TranslationTable): void {
  unbind(state, buffer, table);
  unpopulate(state, table);
  forgetSwap(state, table);
}
