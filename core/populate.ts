import type { Charge } from "./accounting.ts";
import type { BufferObject } from "./buffer_object.ts";
import type { DeviceState } from "./device_state.ts";
import { PAGE_SIZE } from "./memory_type.ts";
import type { Operation } from "./operation.ts";
import { DONE, ENOMEM, type Outcome } from "./outcome.ts";
import { swapIn } from "./swap_in.ts";
import type { TranslationTable } from "./translation_table.ts";

/**
 * Makes the pages of a buffer's table exist (`ttm_tt_populate`): accounts for them, which may swap others out, and
 * allocates them or brings them back from the swap store.
 */
export function populate(state: DeviceState, buffer: BufferObject, table: TranslationTable, op: Operation): Outcome {
  // A write to the store that is under way takes the pages when it ends.
  const ready = op.waitFor(table.transfer);
  if (ready !== DONE || table.populated) return ready;
  const charge = table.external ? null : chargeOf(state, buffer, table);
  if (charge !== null) {
    const charged = state.accountant.charge(charge, op);
    state.global.shrinkInBackground();
    if (charged !== DONE) return charged;
  }
  const outcome = fill(state, buffer, table, op);
  if (outcome === DONE) table.charge = charge;
  else if (charge !== null) state.accountant.uncharge(charge);
  return outcome;
}

function fill(state: DeviceState, buffer: BufferObject, table: TranslationTable, op: Operation): Outcome {
  if (table.swap !== null) return swapIn(state, buffer, table, table.swap, op);
  try {
    table.populate();
    return DONE;
  } catch (error) {
    op.fail(error, ENOMEM);
    return ENOMEM;
  }
}

/** Accounts for pages that have come into being while nobody could be refused them. */
export function countPages(state: DeviceState, buffer: BufferObject, table: TranslationTable): void {
  table.charge = chargeOf(state, buffer, table);
  state.accountant.count(table.charge);
}

/** Drops the pages of a table and takes their account back; what is in the swap store stays. */
export function unpopulate(state: DeviceState, table: TranslationTable): void {
  table.unpopulate();
  if (table.charge !== null) state.accountant.uncharge(table.charge);
  table.charge = null;
}

function chargeOf(state: DeviceState, buffer: BufferObject, table: TranslationTable): Charge {
  const { dma32 } = state;
  return { bytes: table.pages * PAGE_SIZE, pages: table.pages, dma32, privileged: buffer.kind === "kernel" };
}
