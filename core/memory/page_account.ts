import type { Charge } from "../state/memory_accountant.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { TranslationTable } from "../contract/translation_table.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** Undoes the accounting of pages that are accounted. */
export function uncount(state: DeviceState, table: TranslationTable): void {
  if (!table.accounted) return;
  state.accountant.uncharge(chargeOf(state, table));
  table.accounted = false;
}

/** The charge for the pages of a table. */
export function chargeOf({ dma32 }: DeviceState, { pages }: TranslationTable, privileged = false): Charge {
  return { bytes: pages * PAGE_SIZE, pages, dma32, privileged };
}
