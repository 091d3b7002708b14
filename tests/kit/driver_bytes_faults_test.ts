import { assert } from "@std/assert";
import { type BufferView, type Driver, type MoveRequest, PAGE_SIZE } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { testDriver } from "./mod.ts";
import { complaints } from "./testing_faults.ts";
import { type PlainCard, plainCard } from "./testing_plain_card.ts";

type Move = (request: MoveRequest, target: Uint8Array, bytes: Uint8Array | null) => void;

/** A plain card that moves by `move`, which has both ends; the source is null where the target must be zero. */
const copying = (makeMove: (card: PlainCard) => Move) => (): Driver => {
  const card = plainCard();
  const move = makeMove(card);
  return {
    ...card,
    move(request) {
      const { source, destination, pages } = request;
      move(request, card.bytesAt(destination, pages), source && card.bytesAt(source, pages));
    },
  };
};

const copy: Move = (_request, target, bytes) => void (bytes === null ? target.fill(0) : target.set(bytes));

/** Moves by the CPU whose pages are selected by `isCopied`. */
const pagewise = (isCopied: (bytes: Uint8Array, target: Uint8Array, page: number) => boolean) =>
  copying(() => (request, target, bytes) => {
    for (let page = 0; page < request.pages; page++) {
      const at = (array: Uint8Array) => array.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
      if (bytes === null) at(target).fill(0);
      else if (isCopied(at(bytes), at(target), page)) at(target).set(at(bytes));
    }
  });

const sharedVram = new Uint8Array(16 * PAGE_SIZE);

/** Cards, and a part of the message of a case that they fail. */
const faults: Readonly<Record<string, readonly [factory: () => Driver, said: string]>> = {
  "brings back the bytes from before a buffer went to VRAM": [
    copying(() => {
      const kept = new Map<unknown, Uint8Array>();
      return (request, target, bytes) => {
        const { buffer, destination, source } = request;
        copy(request, target, bytes);
        if (source?.table?.external === true) return;
        if (destination.table === null && bytes !== null) kept.set(buffer, bytes.slice());
        const stale = kept.get(buffer);
        if (destination.table !== null && stale !== undefined) target.set(stale);
      };
    }),
    "written in vram",
  ],
  "brings back to VRAM the bytes from before a buffer left it": [
    copying(() => {
      const kept = new Map<unknown, Uint8Array>();
      return (request, target, bytes) => {
        const { buffer, destination, source } = request;
        copy(request, target, bytes);
        if (destination.table?.external === true) return;
        if (source?.table === null && bytes !== null) kept.set(buffer, bytes.slice());
        const stale = kept.get(buffer);
        if (destination.table === null && stale !== undefined) target.set(stale);
      };
    }),
    "written in system",
  ],
  "leaves pages of zeros out": [pagewise((bytes) => bytes.some((byte) => byte !== 0)), "zeros"],
  "leaves pages out that begin as what is there": [
    pagewise((bytes, target) => bytes.subarray(0, 64).some((byte, at) => byte !== target[at])),
    "should have",
  ],
  "leaves all but the first page out if that is there": [
    copying(() => (request, target, bytes) => {
      if (bytes?.subarray(0, PAGE_SIZE).every((byte, at) => byte === target[at])) return;
      copy(request, target, bytes);
    }),
    "should have",
  ],
  "moves at most eight pages": [pagewise((_bytes, _target, page) => page < 8), "should have"],
  "moves whole pages of bytes only": [
    copying(() => (request, target, bytes) => {
      const length = Math.floor(request.buffer.bytes / PAGE_SIZE) * PAGE_SIZE;
      copy(request, target.subarray(0, length), bytes?.subarray(0, length) ?? null);
    }),
    "should have",
  ],
  "clears the bytes of a buffer and not its pages": [
    copying(() => (request, target, bytes) =>
      copy(request, bytes === null ? target.subarray(0, request.buffer.bytes) : target, bytes)
    ),
    "should have 0",
  ],
  "takes host pages for the start of their array": [
    () => {
      const card = plainCard();
      return {
        ...card,
        move({ source, destination, pages }) {
          const ends = [destination, source].map((end) => {
            if (end === null || end.table === null) return end && card.bytesAt(end, pages);
            return new Uint8Array((end.table.contents as Uint8Array).buffer, 0, pages * PAGE_SIZE);
          });
          copy(undefined as never, ends[0] as Uint8Array, ends[1] ?? null);
        },
      };
    },
    "a part of a larger array",
  ],
  "clears where a buffer has begun before": [
    copying(() => {
      const starts = new Set<number>();
      return (request, target, bytes) => {
        const { start, table } = request.destination;
        const isKnown = starts.has(start);
        if (table === null) starts.add(start);
        if (bytes !== null || table !== null || isKnown) copy(request, target, bytes);
      };
    }),
    "should have 0",
  ],
  "clears a buffer once": [
    copying(() => {
      const cleared = new Set<BufferView>();
      return (request, target, bytes) => {
        if (bytes === null && cleared.has(request.buffer)) return;
        if (bytes === null) cleared.add(request.buffer);
        copy(request, target, bytes);
      };
    }),
    "should have 0",
  ],
  "shares its memory with other cards": [() => plainCard(sharedVram), "another device"],
  "shows a copy of its memory, and takes it over at the end": [
    () => {
      const card = plainCard();
      const shown = new Map<string, [memory: Uint8Array, copy: Uint8Array]>();
      return {
        ...card,
        ioMemReserve(type, start, pages) {
          const memory = card.ioMemReserve?.(type, start, pages) as Uint8Array;
          shown.set(`${start} ${pages}`, [memory, memory.slice()]);
          return shown.get(`${start} ${pages}`)?.[1] as Uint8Array;
        },
        ioMemFree(_type, start, pages) {
          const [memory, copy] = shown.get(`${start} ${pages}`) ?? [];
          if (copy !== undefined) memory?.set(copy);
        },
      };
    },
    "the window",
  ],
};

for (const [fault, [driver, said]] of Object.entries(faults)) {
  Deno.test(`the driver suite detects a driver that ${fault}, and says so`, async () => {
    sharedVram.fill(0);
    const factory = () => ({ driver: driver(), managers: { vram: firstFit() } });
    const failed = await complaints((test) => testDriver({ test, factory }));
    assert(failed.some(([, message]) => message.includes(said)), `it said: ${failed.slice(0, 6).join("\n")}`);
  });
}

testDriver({
  test: Deno.test,
  name: "plain-card",
  factory: () => ({ driver: plainCard(), managers: { vram: firstFit() } }),
});
