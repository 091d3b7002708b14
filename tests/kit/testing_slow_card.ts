import {
  type Clock,
  type Driver,
  type Fence,
  FenceContext,
  type Location,
  type MoveRequest,
  PAGE_SIZE,
} from "@ttm/core";

const PAGES = 16;

/** How a slow card orders its copies. */
export interface SlowCardOptions {
  /**
   * When a copy begins: `"in turn"` after the previous copy on its engine has ended; `"early"` when that has begun;
   * `"at once"` independent of it. @default {"in turn"}
   */
  readonly begins?: "in turn" | "early" | "at once";
  /** Whether a fence that would signal before the previous one waits for it. @default {false} */
  readonly holdsFences?: boolean;
  /** Number of engines: with two, one copies into VRAM and one out of it. @default {1} */
  readonly engines?: 1 | 2;
  /** Number of timelines of the engines. @default {as many as engines} */
  readonly timelines?: 1 | 2;
}

/** A queued copy. */
interface Queued {
  readonly fence: Fence;
  /** Signals when it begins. */
  readonly begun: Fence;
  /** Signals when its bytes have arrived. */
  readonly arrived: Fence;
}

/** A card with its own memory, and engines that take time for each page. */
export function slowCard(options: SlowCardOptions = {}): Driver {
  const { begins = "in turn", holdsFences = false, engines = 1, timelines = engines } = options;
  const vram = new Uint8Array(PAGES * PAGE_SIZE);
  const lines = Array.from({ length: timelines }, (_, at) => new FenceContext(`engine ${at}`));
  const last: Queued[] = [];
  let clock: Clock;

  const vramPages = (start: number, pages: number) => vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
  const bytesAt = ({ table, start }: Location, pages: number) =>
    table === null ? vramPages(start, pages) : table.contents as Uint8Array;

  function copy({ source, destination, pages }: MoveRequest): void {
    const target = bytesAt(destination, pages);
    if (source === null) target.fill(0);
    else target.set(bytesAt(source, pages));
  }

  return {
    name: "slow-card",
    supports: { moves: "ordered" },
    memoryTypes: [{ name: "system" }, { name: "vram", pages: PAGES, fixed: true }],
    evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
    ioMemReserve: (_type, start, pages) => vramPages(start, pages),
    attach: (context) => void (clock = context.clock),
    move(request) {
      const engine = engines === 2 && request.destination.memoryType === "vram" ? 1 : 0;
      const front = last[engine];
      const next = (name: string) => new FenceContext(name).next();
      const fence = (lines[engine] ?? lines[0] as FenceContext).next();
      const queued = { fence, begun: next("begun"), arrived: next("arrived") };
      last[engine] = queued;
      const turn = { "in turn": front?.arrived, "early": front?.begun, "at once": undefined }[begins];
      afterAll([...request.after, ...(turn === undefined ? [] : [turn])], () => {
        queued.begun.signal();
        clock.schedule(clock.now() + request.pages, () => {
          copy(request);
          queued.arrived.signal();
        });
      });
      afterAll([queued.arrived, ...(holdsFences && front !== undefined ? [front.fence] : [])], () => fence.signal());
      return fence;
    },
  };
}

function afterAll(fences: readonly Fence[], run: () => void): void {
  const pending = fences.find((fence) => !fence.signalled);
  if (pending === undefined) run();
  else pending.onSignal(() => afterAll(fences, run));
}
