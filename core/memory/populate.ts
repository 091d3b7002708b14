import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Operation } from "../state/operation.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import { chargeOf, uncount } from "./page_account.ts";
import { swapIn } from "./swap_in.ts";
import type { TranslationTable } from "../contract/translation_table.ts";

const { DONE, ENOMEM } = outcomes;

/**
 * Populates the translation table of a buffer (`ttm_tt_populate`): accounts for the pages, which may swap out other
 * buffers, and allocates them or reads them back from the swap store. They need not be `zeroed` if a move is about to
 * overwrite all of them.
 */
export function populate(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable,
  op: Operation,
  zeroed = true,
): Outcome {
  // A pending write to the swap store frees the pages when it ends.
  const ready = op.waitFor(table.transfer);
  if (ready !== DONE || table.populated) return ready;
  if (table.external) {
    // External pages are not counted, but every populate enforces the page limit, as in the kernel.
    const asked = state.accountant.keepPageLimit(op);
    if (asked !== DONE) return asked;
  } else {
    const charged = state.accountant.charge(chargeOf(state, table, buffer.kind === "kernel"), op);
    state.accountant.shrinkInBackground();
    if (charged !== DONE) return charged;
    table.accounted = true;
  }
  const outcome = fill(state, buffer, table, op, zeroed);
  // An asynchronous store may be bringing the pages.
  if (outcome !== DONE && table.transfer?.signalled !== false) uncount(state, table);
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

/** Frees the pages of a table and undoes their accounting; contents in the swap store stay. */
export function unpopulate(state: DeviceState, table: TranslationTable): void {
  table.unpopulate();
  uncount(state, table);
}
