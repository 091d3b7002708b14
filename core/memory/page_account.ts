import type { Charge } from "../state/memory_accountant.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { TranslationTable } from "../contract/translation_table.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** Accounts for pages that have come into being while nobody could be refused them. */
export function countPages(state: DeviceState, table: TranslationTable): void {
  state.accountant.count(chargeOf(state, table));
  table.accounted = true;
}

/** Takes the account of pages back, if there is one. */
export function uncount(state: DeviceState, table: TranslationTable): void {
  if (table.accounted) state.accountant.uncharge(chargeOf(state, table));
  table.accounted = false;
}

/** What the pages of a table count for. */
export function chargeOf({ dma32 }: DeviceState, { pages }: TranslationTable, privileged = false): Charge {
  return { bytes: pages * PAGE_SIZE, pages, dma32, privileged };
}
