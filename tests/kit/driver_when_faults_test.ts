import { assert } from "@std/assert";
import { type Driver, type Fence, FenceContext, type MoveRequest, PAGE_SIZE } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { testDriver } from "./mod.ts";
import { complaints } from "./testing_faults.ts";
import { type PlainCard, plainCard } from "./testing_plain_card.ts";
import { slowCard, type SlowCardOptions } from "./testing_slow_card.ts";

/** A slow card that copies after other fences than `after`. */
const after = (select: (request: MoveRequest) => readonly Fence[], options?: SlowCardOptions) => (): Driver => {
  const card = slowCard(options);
  return { ...card, move: (request) => card.move?.({ ...request, after: select(request) }) };
};

const isCopy = ({ context }: Fence) => context.name.startsWith("engine");

/** A card that postpones each move by an answer that `answer` makes of its request and the pages of VRAM. */
const postponing = (begin: (request: MoveRequest, card: PlainCard) => (request: MoveRequest) => void) => (): Driver => {
  const card = plainCard();
  const line = new FenceContext("readback");
  const ready = new Map<unknown, (request: MoveRequest) => void>();
  let clock: { now(): number; schedule(at: number, fn: () => void): unknown };
  return {
    ...card,
    attach: (context) => void (clock = context.clock),
    move(request) {
      const finish = ready.get(request.buffer);
      if (finish !== undefined) {
        ready.delete(request.buffer);
        return finish(request);
      }
      ready.set(request.buffer, begin(request, card));
      const fence = line.next();
      clock.schedule(clock.now() + 1, () => fence.signal());
      return { retryAfter: fence };
    },
  };
};

const WAITS = "has to wait for";

/** Cards, and a part of the message of a case that they fail. */
const faults: Readonly<Record<string, readonly [factory: () => Driver, said: string]>> = {
  "starts a copy without waiting for what is in `after`": [after(() => []), WAITS],
  "does not wait for work if it evicts": [after(({ evict, after }) => evict ? [] : after), WAITS],
  "waits for the first fence only": [after(({ after }) => after.slice(0, 1)), WAITS],
  "waits for the last fence only": [after(({ after }) => after.slice(-1)), WAITS],
  "waits for its own copies only": [after(({ after }) => after.filter(isCopy)), WAITS],
  "does not wait for work on buffers in host pages": [
    after(({ source, after }) => source?.table ? [] : after),
    WAITS,
  ],
  "clears without waiting for the copy out of the range, on another engine": [
    after(({ source, after }) => source === null ? [] : after, { engines: 2 }),
    "should have",
  ],
  "waits for work only, and not for the other engine": [
    after(({ after }) => after.filter((fence) => !isCopy(fence)), { engines: 2 }),
    "should have",
  ],
  "reads the bytes when a copy is queued": [
    () => {
      const card = slowCard();
      return {
        ...card,
        move(request) {
          const { source, destination, pages } = request;
          const window = source?.table?.contents ??
            card.ioMemReserve?.("vram", source?.start ?? 0, pages) as Uint8Array;
          const bytes = (window as Uint8Array).slice();
          const fence = card.move?.(request) as Fence;
          const target = destination.table?.contents ?? card.ioMemReserve?.("vram", destination.start, pages);
          if (source !== null) fence.onSignal(() => (target as Uint8Array).set(bytes));
          return fence;
        },
      };
    },
    "before the work",
  ],
  "never starts a copy after work that failed": [
    () => {
      const card = slowCard();
      const hang = new FenceContext("hang");
      return {
        ...card,
        move(request) {
          const copy = hang.next();
          const isBad = () => request.after.some(({ error }) => error !== undefined);
          const done = card.move?.(request) as Fence;
          done.onSignal(() => isBad() || copy.signal());
          return copy;
        },
      };
    },
    "has not signalled",
  ],
  "returns the fence of the move before": [
    () => {
      const card = slowCard();
      let before: Fence | undefined;
      return {
        ...card,
        move(request) {
          const fence = card.move?.(request) as Fence;
          const answer = before ?? fence;
          before = fence;
          return answer;
        },
      };
    },
    "",
  ],
  "hands out what it read before a postponed move was asked for again": [
    postponing(({ source, pages }, card) => {
      const bytes = source === null ? new Uint8Array(pages * PAGE_SIZE) : card.bytesAt(source, pages).slice();
      return ({ destination }) => card.bytesAt(destination, pages).set(bytes);
    }),
    "written after a move was postponed",
  ],
  "makes a postponed move although it was not asked for again": [
    postponing((request, card) => {
      card.move(request);
      return () => {};
    }),
    "written after a move was postponed",
  ],
  "postpones for ever": [
    () => {
      const card = plainCard();
      const line = new FenceContext("asleep");
      let clock: { now(): number; schedule(at: number, fn: () => void): unknown };
      return {
        ...card,
        attach: (context) => void (clock = context.clock),
        move() {
          const fence = line.next();
          clock.schedule(clock.now() + 1e-6, () => fence.signal());
          return { retryAfter: fence };
        },
      };
    },
    "times, and has not moved it",
  ],
};

for (const [fault, [driver, said]] of Object.entries(faults)) {
  Deno.test(`the driver suite detects a driver that ${fault}, and says so`, async () => {
    const factory = () => ({ driver: driver(), managers: { vram: firstFit() } });
    const failed = await complaints((test) => testDriver({ test, factory }));
    assert(failed.some(([, message]) => message.includes(said)), `it said: ${failed.slice(0, 6).join("\n")}`);
  });
}
