import { type BufferView, type Driver, type Location, type MoveRequest, PAGE_SIZE } from "@ttm/core";

const PAGES = 16;

/** A card that copies at once, and what faulty ones need to reach its bytes. */
export interface PlainCard extends Driver {
  readonly vram: Uint8Array;
  move(request: MoveRequest): void;
  /** The bytes of pages at one end of a move. */
  bytesAt(location: Location, pages: number): Uint8Array;
}

/** A card with its own memory, whose copies are over when they return; `vram` is that memory. */
export function plainCard(vram: Uint8Array = new Uint8Array(PAGES * PAGE_SIZE)): PlainCard {
  const vramPages = (start: number, pages: number) => vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
  const bytesAt = ({ table, start }: Location, pages: number) =>
    table === null ? vramPages(start, pages) : table.contents as Uint8Array;
  return {
    name: "plain-card",
    memoryTypes: [{ name: "system" }, { name: "vram", pages: PAGES, fixed: true }],
    evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
    move({ source, destination, pages }) {
      const target = bytesAt(destination, pages);
      if (source === null) target.fill(0);
      else target.set(bytesAt(source, pages));
    },
    ioMemReserve: (_type, start, pages) => vramPages(start, pages),
    vram,
    bytesAt,
  };
}

/** The plain card without windows: the CPU reaches its memory by `accessMemory`. */
export function blindCard(): PlainCard {
  const card = plainCard();
  const { ioMemReserve: _, ...rest } = card;
  return {
    ...rest,
    accessMemory(buffer: BufferView, offset: number, bytes: Uint8Array, write: boolean) {
      const memory = card.vram.subarray((buffer.start ?? 0) * PAGE_SIZE + offset).subarray(0, bytes.length);
      if (write) memory.set(bytes);
      else bytes.set(memory);
    },
  };
}
