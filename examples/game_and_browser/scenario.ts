import { BoDevice, type BufferObject, type Client, type Placement, SimulatedClock } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";

export const MiB: number = 2 ** 20;
const VRAM = 256 * MiB;
const GAME = { buffers: 40, bytes: 4 * MiB };
const BROWSER = { tabs: 60, buffers: 4, bytes: MiB };
const FRAMES = 300;

/** How clients get VRAM when it is full: by evicting others, or not at all. */
export type Habit = "evicts" | "falls back";

const PLACEMENTS: Readonly<Record<Habit, Placement>> = {
  "evicts": { placement: [{ memoryType: "vram" }] },
  "falls back": { placement: [{ memoryType: "vram" }], busyPlacement: [{ memoryType: "gtt" }] },
};

/** What came of it, counted from the first frame. */
export interface Outcome {
  /** Bytes of the game that are in GTT after the last frame. */
  readonly gameInGtt: number;
  /** Evictions of buffers of the game. */
  readonly gameEvictions: number;
  /** Bytes that were copied for both clients. */
  readonly bytesMoved: number;
}

/**
 * A game starts when a browser with 60 tabs has filled VRAM. It draws frames with all of its buffers, 160 of 256 MiB;
 * after each the browser draws one of its tabs, and after every tenth an overview: all tabs, one after the other.
 *
 * @param min Bytes of VRAM that are protected of the game.
 */
export async function playBeside(habit: Habit, min: number): Promise<Outcome> {
  const clock = new SimulatedClock();
  const driver = new RadeonSim({ vram: VRAM, gtt: 4 * VRAM, contents: "stamps" });
  let gameEvictions = 0;
  const tracer = {
    move(
      { buffer, evict, failure }: { buffer: { label: string | undefined }; evict: boolean; failure: string | null },
    ) {
      if (evict && failure === null && buffer.label === "game") gameEvictions++;
    },
  };
  const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, clock, tracer });
  const placement = device.preparePlacement(PLACEMENTS[habit]);
  const draw = async (buffers: readonly BufferObject[], durationMs: number) => {
    await device.submit(
      buffers.map((buffer) => ({ buffer, placement })),
      () => driver.submit({ buffers: buffers.map((buffer) => ({ buffer, write: false })), durationMs }),
    );
  };

  const browser = device.openClient("browser");
  const tabs = Array.from({ length: BROWSER.tabs }, () => buffersOf(browser, BROWSER.buffers, BROWSER.bytes));
  for (const tab of tabs) await draw(tab, 1);
  const group = device.createGroup("game", { limits: { vram: { min } } });
  const game = device.openClient("game", { group });
  const scene = buffersOf(game, GAME.buffers, GAME.bytes);
  const before = driver.bytesMoved;
  for (let frame = 0; frame < FRAMES; frame++) {
    await draw(scene, 8);
    const isOverview = frame % 10 === 9;
    for (const [at, tab] of tabs.entries()) if (isOverview || at === frame % tabs.length) await draw(tab, 1);
  }
  await Promise.all(scene.map((buffer) => buffer.wait()));
  return {
    gameInGtt: game.usage().residentBytes["gtt"] ?? 0,
    gameEvictions,
    bytesMoved: driver.bytesMoved - before,
  };
}

function buffersOf(client: Client, count: number, bytes: number): BufferObject[] {
  const { name: label } = client;
  return Array.from({ length: count }, () => client.buffer(client.createBuffer({ bytes, label })));
}
