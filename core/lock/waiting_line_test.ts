import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { AcquireTicket } from "./acquire_ticket.ts";
import { Reservation } from "./reservation.ts";
import { WaitingLine } from "./waiting_line.ts";
import { EDEADLK } from "../base/outcome.ts";

/** A held reservation. */
function held(): Reservation {
  const reservation = new Reservation();
  reservation.tryLock();
  return reservation;
}

/** `count` tickets in an order that is neither that of their ages nor its reverse. */
function mixed(count: number): AcquireTicket[] {
  const tickets = Array.from({ length: count }, () => new AcquireTicket());
  return tickets.map((_, at) => tickets[(at * 7919) % count] as AcquireTicket);
}

for (
  const [name, make] of [
    ["without tickets", (count: number) => Array.from({ length: count }, () => null)],
    [
      "with tickets in the order of their ages",
      (count: number) => Array.from({ length: count }, () => new AcquireTicket()),
    ],
    [
      "with the oldest ticket last",
      (count: number) => Array.from({ length: count }, () => new AcquireTicket()).reverse(),
    ],
    ["with tickets in any order", mixed],
  ] as const
) {
  Deno.test(`16,000 waiters ${name} are found in a line with at most 60 comparisons each`, () => {
    const count = 16_000;
    const reservation = held();
    const tickets = make(count);
    const seen: (AcquireTicket | null)[] = [];
    const before = WaitingLine.steps;
    for (const ticket of tickets) reservation.enqueue(ticket, () => seen.push(ticket));
    for (let turn = 0; turn < count; turn++) reservation.release();
    const steps = WaitingLine.steps - before;
    assert(steps <= 60 * count, `${steps} comparisons`);
    assertEquals(steps > 0, tickets[0] !== null);
    assertEquals([seen.length, reservation.waiting], [count, 0]);
    const stamps = seen.map((ticket) => ticket?.stamp ?? 0);
    assert(stamps.every((stamp, at) => at === 0 || stamp >= (stamps[at - 1] as number)), "not by age");
  });
}

Deno.test("16,000 waits under one ticket cost a few looks each, and end in order", () => {
  const count = 16_000;
  const [ticket, reservation] = [new AcquireTicket(), held()];
  const seen: number[] = [];
  const before = WaitingLine.steps;
  const leave = Array.from({ length: count }, (_, at) => reservation.enqueue(ticket, () => seen.push(at)));
  for (let at = 0; at < count; at += 3) leave[at]?.();
  for (let turn = 0; turn < count; turn++) reservation.release();
  assert(WaitingLine.steps - before <= 60 * count, `${WaitingLine.steps - before} looks`);
  const stayed = Array.from({ length: count }, (_, at) => at).filter((at) => at % 3 !== 0);
  assertEquals([seen, reservation.waiting, ticket.waits?.isLinked], [stayed, 0, false]);
});

Deno.test("100,000 waiters that unlock as soon as they are told have their turns in order", () => {
  const reservation = held();
  const seen: number[] = [];
  const count = 100_000;
  for (let at = 0; at < count; at++) {
    reservation.enqueue(null, () => {
      seen.push(at);
      reservation.release();
      // Whoever comes next has the lock by now, and is told later.
      assertEquals(reservation.locked, at < count - 1);
    });
  }
  reservation.release();
  assertEquals([seen.length, seen.every((at, index) => at === index), reservation.locked], [count, true, false]);
});

Deno.test("a ticket that gets its first lock while it waits is turned away when the line moves on", () => {
  const [older, younger] = [new AcquireTicket(), new AcquireTicket()];
  const reservation = held();
  const seen: string[] = [];
  reservation.enqueue(older, (outcome) => seen.push(`older ${outcome}`));
  reservation.enqueue(younger, (outcome) => seen.push(`younger ${outcome}`));
  const other = new Reservation();
  other.tryLock(younger);
  assertEquals(seen, []);
  reservation.release();
  assertEquals([seen, reservation.waiting], [["older 0", `younger ${EDEADLK}`], 0]);
});

/** The order by definition: an array that is searched from the front. */
type Action = { readonly join: number | null } | { readonly leave: number } | "unlock";

Deno.test("the line is that of its definition, whoever joins and leaves", () => {
  const action: fc.Arbitrary<Action> = fc.oneof(
    fc.record({ join: fc.option(fc.nat(11)) }),
    fc.record({ leave: fc.nat(30) }),
    fc.constant("unlock" as const),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const tickets = Array.from({ length: 12 }, () => new AcquireTicket());
      const reservation = held();
      const expected: { readonly name: number; readonly age: number | null }[] = [];
      const [seen, model]: [number[], number[]] = [[], []];
      const leave: (() => void)[] = [];
      for (const [name, one] of actions.entries()) {
        if (one === "unlock") {
          const next = expected.shift();
          if (next === undefined) continue;
          model.push(next.name);
          reservation.release();
          // The locks of one ticket would turn others away, which is tested elsewhere.
          if (next.age !== null) (tickets[next.age] as AcquireTicket).locks = 0;
        } else if ("join" in one) {
          const age = one.join;
          const at = age === null ? -1 : expected.findIndex((other) => other.age !== null && other.age > age);
          expected.splice(at < 0 ? expected.length : at, 0, { name, age });
          leave[name] = reservation.enqueue(age === null ? null : tickets[age] as AcquireTicket, () => seen.push(name));
        } else {
          leave[one.leave]?.();
          const at = expected.findIndex((other) => other.name === one.leave);
          if (at >= 0) expected.splice(at, 1);
        }
        assertEquals([seen, reservation.waiting], [model, expected.length]);
      }
    }),
    { numRuns: 500 },
  );
});
