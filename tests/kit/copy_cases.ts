import { type BufferObject, type Driver, type Fence, type MoveRequest, PAGE_SIZE } from "@ttm/core";
import { bytesOf, type DriverBench } from "./driver_bench.ts";
import { look } from "./locations.ts";
import { must } from "./suite.ts";

type Case = (bench: DriverBench) => Promise<void>;
type Way = readonly [from: string, to: string];

/** A pending copy. */
interface Copy {
  readonly request: MoveRequest;
  readonly fence: Fence;
}

/** Cases for ordered copies of different buffers that share a timeline. */
export function copyCases(hasBytes: boolean): Record<string, Case> {
  return {
    "a copy waits for the previous one on its timeline, which waits for work": (bench) =>
      inPairs(bench, hasBytes, true),
    "a copy waits for the previous one on its timeline, which takes longer": (bench) => inPairs(bench, hasBytes, false),
  };
}

/** Queues a long copy and a short one behind it, each between all pairs of memory types. */
async function inPairs(bench: DriverBench, hasBytes: boolean, isBlocked: boolean): Promise<void> {
  if (bench.driver.supports?.moves !== "ordered") return;
  const ways = bench.types.flatMap((from) => bench.types.filter((to) => to !== from).map((to): Way => [from, to]));
  let seed = 0;
  for (const front of ways) {
    for (const behind of ways) await onePair(bench, front, behind, hasBytes ? ++seed : 0, isBlocked);
  }
}

async function onePair(bench: DriverBench, front: Way, behind: Way, seed: number, isBlocked: boolean): Promise<void> {
  const [long, short] = [await bench.make(front[0], 4, 0), await bench.make(behind[0], 1, seed)];
  await bench.settle();
  const work = bench.work();
  if (isBlocked) await announce(long, work);
  const copies = [await begin(bench, long, front[1]), await begin(bench, short, behind[1])] as const;
  if (copies[0] !== null && copies[1] !== null) await mustEndInTurn(bench, copies[0], copies[1], seed, work);
  work.signal();
  await bench.settle();
  for (const buffer of [long, short]) buffer.unref();
  await bench.settle();
}

async function announce(buffer: BufferObject, work: Fence): Promise<void> {
  await buffer.reserve();
  buffer.addFence(work, "write");
  buffer.unreserve();
}

/** Queues the copy of a buffer; null if moves between these memory types copy nothing, or if the move has to wait. */
async function begin({ moves }: DriverBench, buffer: BufferObject, memoryType: string): Promise<Copy | null> {
  const before = moves.length;
  await buffer.reserve();
  const blocker = buffer.tryValidate({ placement: [{ memoryType }] });
  buffer.unreserve();
  const { request, fence = null } = moves.slice(before).at(-1) ?? {};
  return blocker !== null || request === undefined || fence === null ? null : { request, fence };
}

async function mustEndInTurn(bench: DriverBench, front: Copy, behind: Copy, seed: number, work: Fence): Promise<void> {
  // A fence that signals out of order throws, which the bench reports. Real engines can be checked only afterwards.
  if (front.fence.context !== behind.fence.context || !bench.isSimulated) return;
  const mustNotHaveBegun = () => {
    const hasBegun = !front.fence.signalled && seed !== 0 && hasArrived(bench.driver, behind.request, seed);
    must(!hasBegun, () => `${behind.fence} has copied its bytes, and ${front.fence} in front of it has not ended`);
  };
  for (const isFree of [false, true]) {
    if (isFree) work.signal();
    mustNotHaveBegun();
    while (!front.fence.signalled && await bench.step()) mustNotHaveBegun();
  }
}

/** Whether the bytes of a seed are at the destination of a copy; false if the CPU cannot read there. */
function hasArrived(driver: Driver, { destination, pages }: MoveRequest, seed: number): boolean {
  const found = look(driver, destination, pages);
  return found !== null && bytesOf(PAGE_SIZE, seed).every((byte, at) => byte === found[at]);
}
