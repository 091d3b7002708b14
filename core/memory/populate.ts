import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, ENOMEM, type Outcome } from "../base/outcome.ts";
import { chargeOf, uncount } from "./page_account.ts";
import { swapIn } from "./swap_in.ts";
import type { TranslationTable } from "../contract/translation_table.ts";

/**
 * Makes the pages of a buffer's table exist (`ttm_tt_populate`): accounts for them, which may swap others out, and
 * allocates them or brings them back from the swap store. They need not be `zeroed` if a move is about to fill all of them.
 */
export function populate(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable,
  op: Operation,
  zeroed = true,
): Outcome {
  // A write to the store that is under way takes the pages when it ends.
  const ready = op.waitFor(table.transfer);
  if (ready !== DONE || table.populated) return ready;
  if (table.external) {
    // Pages that somebody else counts make others give theirs back all the same.
    const asked = state.accountant.keepPageLimit(op);
    if (asked !== DONE) return asked;
  } else {
    const charged = state.accountant.charge(chargeOf(state, table, buffer.kind === "kernel"), op);
    state.accountant.shrinkInBackground();
    if (charged !== DONE) return charged;
    table.accounted = true;
  }
  const outcome = fill(state, buffer, table, op, zeroed);
  if (outcome !== DONE) uncount(state, table);
  return outcome;
}

function fill(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable,
  op: Operation,
  zeroed: boolean,
): Outcome {
  if (table.swap !== null) return swapIn(state, buffer, table, table.swap, op);
  try {
    table.populate(zeroed);
    return DONE;
  } catch (error) {
    op.fail(error, ENOMEM);
    return ENOMEM;
  }
}

/** Drops the pages of a table and takes their account back; what is in the swap store stays. */
export function unpopulate(state: DeviceState, table: TranslationTable): void {
  table.unpopulate();
  uncount(state, table);
}
