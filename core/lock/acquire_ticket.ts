/**
 * The turn of one party that locks several buffers (`ww_acquire_ctx`). Tickets decide who gives way when two parties
 * want each other's locks: a younger ticket that already holds locks is refused a lock of an older one (`EDEADLK`),
 * gives all its locks up, waits for the contended one first, and tries again with the same ticket, which grows older
 * meanwhile. Whoever has the oldest ticket always gets through (wait-die; the kernel's `ww_mutex` in that class).
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

  /** Age: a ticket with a smaller stamp is older. */
  get stamp(): number {
    return this.#stamp;
  }

  /** @internal Makes it the youngest. */
  renew(): void {
    this.#stamp = ++AcquireTicket.#issued;
  }

  /** How many locks are held under it. */
  get acquired(): number {
    return this.locks;
  }
}
