import type { Link } from "../base/link.ts";

/**
 * The acquire ticket of one caller that reserves several buffers (`ww_acquire_ctx`). Tickets resolve deadlocks between
 * callers that want each other's reservations: a younger ticket that already holds reservations is refused one that an
 * older ticket holds or waits for (`EDEADLK`). Its caller then releases all its reservations, waits for the contended
 * one first, and retries with the same ticket, which keeps its age. The oldest ticket always succeeds (wait-die; the
 * kernel's `ww_mutex` in that class). In the line for a reservation a ticket stands before the younger ones.
 *
 * @example Two buffers under one ticket
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { AcquireTicket, BoDevice } from "@ttm/core";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using a = device.createBuffer({ bytes: 4096 });
 * using b = device.createBuffer({ bytes: 4096 });
 * const ticket = new AcquireTicket();
 * await a.reserve({ ticket });
 * await b.reserve({ ticket });
 * assertEquals(ticket.acquired, 2);
 * a.unreserve();
 * b.unreserve();
 * ```
 */
export class AcquireTicket {
  static #issued = 0;
  #stamp = ++AcquireTicket.#issued;
  /** @internal */
  locks = 0;
  /** @internal Its parties in the lines for reservations, which are told when it gets its first lock. */
  waits: Link<{ noteLocks(): void }> | null = null;

  /** Age: a ticket with a smaller stamp is older. */
  get stamp(): number {
    return this.#stamp;
  }

  /** @internal Makes it the youngest. */
  renew(): void {
    this.#stamp = ++AcquireTicket.#issued;
  }

  /** Number of reservations held under this ticket. */
  get acquired(): number {
    return this.locks;
  }
}
