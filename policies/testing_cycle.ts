import { BoDevice, type BufferObject, type EvictionPolicy, type MoveEvent, PAGE_SIZE, SimulatedClock } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";

/** Buffers that are used by jobs on radeon-sim, in a given order. */
export interface Cycle {
  readonly policy: EvictionPolicy;
  /** The buffers of one round, by number; each is a job. */
  readonly round: readonly number[];
  /** How many buffers fit into VRAM. */
  readonly room: number;
  readonly rounds: number;
  /** How many rounds are hinted before each round. */
  readonly hinted?: number;
  /** Distorts a hint. */
  readonly distort?: (hint: readonly BufferObject[]) => readonly BufferObject[];
}

const PAGES = 2;

/** Uses buffers of equal size round by round; returns how many were uploaded in each round, and when all has ended. */
export async function uploadsByRound(
  { policy, round, room, rounds, hinted = 0, distort = (hint) => hint }: Cycle,
): Promise<{ readonly uploads: readonly number[]; readonly simulatedMs: number }> {
  const clock = new SimulatedClock();
  const count = Math.max(...round) + 1;
  const driver = new RadeonSim({
    vram: room * PAGES * PAGE_SIZE,
    gtt: 2 * count * PAGES * PAGE_SIZE,
    contents: "stamps",
  });
  const managers = { vram: firstFit(), gtt: firstFit() };
  let uploads = 0;
  const move = ({ to, failure }: MoveEvent) => void (to.memoryType === "vram" && failure === null && uploads++);
  const device = new BoDevice({ driver, managers, policy, clock, tracer: { move } });
  const placement = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
  const buffers = Array.from({ length: count }, () => device.createBuffer({ bytes: PAGES * PAGE_SIZE }));
  const used = round.map((number) => buffers[number] as BufferObject);
  const seen: number[] = [];
  for (let turn = 0; turn < rounds; turn++) {
    uploads = 0;
    if (hinted > 0) device.hint(distort(Array.from({ length: hinted }, () => used).flat()));
    for (const buffer of used) {
      await device.submit([{ buffer, usage: "read", placement }], () => {
        return driver.submit({ buffers: [{ buffer, write: false }], durationMs: 1 });
      });
    }
    await used.at(-1)?.wait();
    seen.push(uploads);
  }
  const simulatedMs = clock.now();
  for (const buffer of buffers) buffer.unref();
  await device.close();
  return { uploads: seen, simulatedMs };
}

/** The uploads by round of an optimal choice, which evicts the buffer whose next use is furthest away (Belady). */
export function optimalUploads({ round, room, rounds }: Pick<Cycle, "round" | "room" | "rounds">): number[] {
  const uses = Array.from({ length: rounds + 1 }, () => round).flat();
  const inside = new Set<number>();
  return Array.from({ length: rounds }, (_, turn) => {
    let uploads = 0;
    for (let at = turn * round.length; at < (turn + 1) * round.length; at++) {
      const used = uses[at] as number;
      if (inside.has(used)) continue;
      uploads++;
      if (inside.size === room) {
        const next = (number: number) => (uses.indexOf(number, at) + uses.length + 1) % (uses.length + 1);
        const [last] = [...inside].sort((a, b) => next(b) - next(a));
        inside.delete(last as number);
      }
      inside.add(used);
    }
    return uploads;
  });
}
