import type { BufferObject, BufferView, MoveEvent } from "@ttm/core";
import { emptyTable } from "../../core/memory/bind.ts";
import { chargeOf } from "../../core/memory/page_account.ts";
import type { DeviceState } from "../../core/state/device_state.ts";
import type { KernelTable } from "./quirks.ts";

/** TABLE_OF_FAILED_MOVE: the tables of a device's buffers after moves that failed. */
export class TablesOfFailedMoves {
  #state: DeviceState;
  /** By buffer: the table that was made for it last. */
  #made: Map<BufferView, KernelTable> = new Map();

  constructor(state: DeviceState) {
    this.#state = state;
  }

  /** A table was made for a buffer. */
  note(buffer: BufferView, table: KernelTable): void {
    this.#made.set(buffer, table);
  }

  /** A move has ended. */
  after({ buffer, failure, from }: MoveEvent): void {
    const made = this.#made.get(buffer);
    this.#made.delete(buffer);
    if (failure === null || failure === "EMULTIHOP") return;
    const owner = buffer as BufferObject;
    const { tt } = owner;
    if (from !== null && this.#state.typesByName.get(from.memoryType)?.fixed === true) {
      if (tt !== null) emptyTable(this.#state, owner, tt);
      owner.tt = null;
    } else if (tt === null && made !== undefined) {
      owner.tt = made;
      if (!made.regain() || made.external) return;
      this.#state.accountant.count(chargeOf(this.#state, made));
      made.accounted = true;
    }
  }
}
