import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type ClockEvent,
  type Driver,
  type EvictionPolicy,
  FenceContext,
  lru,
  type MemTypeManager,
  NO_ROOM,
  SystemClock,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import guide from "./AUTHORING.md" with { type: "text" };
import { testDriver, testManager, testPolicy } from "./mod.ts";
import { altered, complaints } from "./testing_faults.ts";
import { slowCard } from "./testing_slow_card.ts";

type Change = (card: Driver) => Partial<Record<keyof Driver, unknown>>;

const toGtt = { placement: [{ memoryType: "gtt" }] };

/** A member that returns its result as a promise. */
const asynchronous = (member: keyof Driver): Change => (card) => ({
  // deno-lint-ignore require-await -- the mistake
  [member]: async (...args: unknown[]) => (card[member] as ((...args: unknown[]) => unknown) | undefined)?.(...args),
});

/** Mistakes, and the text that the message of each failing case and the guide must contain. */
const mistakes: readonly (readonly [mistake: string, change: Change, said: string, inGuide: string])[] = [
  ...(["evictPlacement", "move", "createTranslationTable", "ioMemReserve", "moveNotify", "swapNotify"] as const).map((
    member,
  ) =>
    [
      `whose ${member} is async`,
      asynchronous(member),
      `${member} of the driver returned a promise (is it async?)`,
      "of the driver returned a promise (is it async?)",
    ] as const
  ),
  [
    "whose fences never signal",
    () => ({ move: () => new FenceContext("copies").next() }),
    "copies#1, which move returned, has not signalled, and nothing is left to happen",
    "has not signalled, and nothing is left to happen",
  ],
  [
    "whose evictPlacement has a typing error",
    () => ({ evictPlacement: () => ({ placement: [{ memoryType: "sytem" }] }) }),
    'evictPlacement of the driver names "sytem" for buffer',
    'evictPlacement of the driver names "sytem"',
  ],
  [
    "whose stop has a typing error",
    () => ({ hop: () => ({ memoryType: "gtt " }) }),
    'hop of the driver names "gtt " for buffer',
    "of the driver names",
  ],
  [
    "that evicts to where no manager is",
    (card) => ({ memoryTypes: [...card.memoryTypes, { name: "gtt", pages: 8 }], evictPlacement: () => toGtt }),
    'evictPlacement of the driver names "gtt" for buffer',
    "the factory gives no manager for that",
  ],
  [
    "whose evictPlacement throws",
    () => ({
      evictPlacement: () => {
        throw new Error("not a clue");
      },
    }),
    "not a clue",
    "because:",
  ],
];

for (const [mistake, change, said, inGuide] of mistakes) {
  Deno.test(`each case that fails for a driver ${mistake} says so, and the guide quotes the message`, async () => {
    const factory = () => {
      const card = slowCard();
      return { driver: altered<Driver>(card, change(card)), managers: { vram: firstFit() } };
    };
    const failed = await complaints((test) => testDriver({ test, factory }));
    assert(failed.length > 0);
    assertEquals(failed.filter(([, message]) => !message.includes(said)), []);
    assert(guide.includes(inGuide), `the guide does not say: ${inGuide}`);
  });
}

Deno.test("each case that fails for a driver with one timeline for two engines names the fences, and the guide quotes the message", async () => {
  const factory = () => ({ driver: slowCard({ engines: 2, timelines: 1 }), managers: { vram: firstFit() } });
  const failed = await complaints((test) => testDriver({ test, factory }));
  assert(failed.length > 0);
  for (const [, message] of failed) assertMatch(message, /engine 0#\d+ was made before it and has not signalled/);
  assert(guide.includes("was made before it and has not signalled"));
});

let pendingTimers = 0;

class CountingClock extends SystemClock {
  override schedule(at: number, fn: () => void): ClockEvent {
    pendingTimers++;
    return super.schedule(at, () => {
      pendingTimers--;
      fn();
    });
  }
}

/** The slow card on its own real-time clock, independent of the device's clock. */
function realCard(): Driver {
  const card = slowCard();
  return { ...card, attach: (context) => card.attach?.({ ...context, clock: new CountingClock() }) };
}

Deno.test("the suite suggests SystemClock for a real-time device on a simulated clock, and the guide quotes the message", async () => {
  const factory = () => ({ driver: realCard(), managers: { vram: firstFit() } });
  const failed = await complaints((test) => testDriver({ test, factory }));
  assert(failed.length > 0);
  assertEquals(failed.filter(([, message]) => !message.includes("`clock: new SystemClock()`")), []);
  assert(guide.includes("let the factory give `clock: new SystemClock()`"));
  // Wait for the copies that are still running.
  while (pendingTimers > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

const realParts = () => ({ driver: realCard(), managers: { vram: firstFit() }, clock: new SystemClock() });

testDriver({ test: Deno.test, name: "a slow card in real time", factory: realParts });

Deno.test("an async allocate() of a manager and an async insert() of a policy are reported as async", async () => {
  // deno-lint-ignore require-await -- the mistake
  const allocate = async () => NO_ROOM;
  const insert = async () => {};
  const manager = () => altered<MemTypeManager>(firstFit(), { allocate });
  const policy = () => altered<EvictionPolicy>(lru(), { insert });
  const byManager = await complaints((test) => testManager({ test, factory: manager }));
  const byPolicy = await complaints((test) => testPolicy({ test, factory: policy }));
  for (
    const [failed, member] of [[byManager, "allocate of the manager"], [byPolicy, "insert of the policy"]] as const
  ) {
    assert(failed.length > 5);
    assertEquals(failed.filter(([, message]) => !message.includes(`${member} returned a promise`)), []);
  }
});
