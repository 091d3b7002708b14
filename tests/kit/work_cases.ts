import { type BufferObject, type Fence, type MoveRequest, PAGE_SIZE } from "@ttm/core";
import { bytesOf, type DriverBench } from "./driver_bench.ts";
import { look, scribble } from "./locations.ts";
import { must } from "./suite.ts";

type Case = (bench: DriverBench) => Promise<void>;

const PAGES = 2;
const BEFORE = 61;
const BY_WORK = 62;

/** Cases for ordered copies of buffers with work that has not ended. */
export function workCases(types: readonly string[], hasBytes: boolean): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const from of types) {
    for (const to of types) {
      if (from === to) continue;
      cases[`a copy from ${from} to ${to} begins when all work on the buffer has ended`] = async (bench) => {
        for (const isReversed of [false, true]) await waitsForAll(bench, from, to, hasBytes, isReversed);
      };
      cases[`a copy from ${from} to ${to} begins also when the work on the buffer has failed`] = async (bench) => {
        const buffer = await bench.make(from, PAGES, hasBytes ? BEFORE : 0);
        await bench.settle();
        const work = bench.work();
        const copy = await begin(bench, buffer, to, [work]);
        await bench.elapse();
        work.signal(new Error("the work has failed"));
        await bench.settle();
        must(copy === null || copy.fence.signalled, () => `${copy?.fence} has not signalled after work that failed`);
      };
    }
  }
  for (const type of types.slice(1)) {
    cases[`an eviction from ${type} begins when the work on the buffer has ended`] = (bench) =>
      evictionWaits(bench, type, hasBytes);
  }
  return cases;
}

/** A pending copy. */
interface Copy {
  readonly request: MoveRequest;
  readonly fence: Fence;
}

/** Adds work to a buffer and queues a copy; null if the copy is not ordered behind the work. */
async function begin(
  bench: DriverBench,
  buffer: BufferObject,
  to: string,
  works: readonly Fence[],
): Promise<Copy | null> {
  await buffer.reserve();
  for (const [at, work] of works.entries()) buffer.addFence(work, at === 0 ? "write" : "read");
  const before = bench.moves.length;
  buffer.tryValidate({ placement: [{ memoryType: to }] });
  buffer.unreserve();
  return orderedCopy(bench, before);
}

/** The first copy since there were `before` of them, if it is ordered. */
function orderedCopy({ moves }: DriverBench, before: number): Copy | null {
  const { request, fence = null } = moves[before] ?? {};
  return request === undefined || fence === null ? null : { request, fence };
}

async function waitsForAll(bench: DriverBench, from: string, to: string, hasBytes: boolean, isReversed: boolean) {
  const buffer = await bench.make(from, PAGES, hasBytes ? BEFORE : 0);
  await bench.settle();
  const works = [bench.work(), bench.work()];
  const copy = await begin(bench, buffer, to, works);
  await endInTurn(bench, copy, isReversed ? works.toReversed() : works, buffer, hasBytes);
  buffer.unref();
  await bench.settle();
}

async function evictionWaits(bench: DriverBench, type: string, hasBytes: boolean): Promise<void> {
  const { device, make, keep, mustHold, moves } = bench;
  const { pages } = device.usage(type);
  const large = await make(type, pages, hasBytes ? BEFORE : 0);
  await bench.settle();
  const work = bench.work();
  await large.reserve();
  large.addFence(work, "write");
  large.unreserve();
  const newcomer = keep(device.createBuffer({ bytes: PAGE_SIZE }));
  const before = moves.length;
  await newcomer.reserve();
  newcomer.tryValidate({ placement: [{ memoryType: type }] });
  newcomer.unreserve();
  await endInTurn(bench, orderedCopy(bench, before), [work], large, hasBytes);
  if (hasBytes) await mustHold(newcomer, 0);
}

/** Ends work after work, and fails if the copy begins before the last one has ended. */
async function endInTurn(
  bench: DriverBench,
  copy: Copy | null,
  works: readonly Fence[],
  buffer: BufferObject,
  hasBytes: boolean,
): Promise<void> {
  let seed = BEFORE;
  for (const [at, work] of works.entries()) {
    await bench.elapse();
    if (copy !== null) mustNotHaveBegun(bench, copy, works.length - at, hasBytes);
    const { source } = copy?.request ?? {};
    const isLast = at === works.length - 1;
    if (hasBytes && isLast && source && scribble(bench.driver, source, bytesOf(buffer.bytes, BY_WORK))) seed = BY_WORK;
    work.signal();
  }
  await bench.settle();
  must(copy === null || copy.fence.signalled, () => `${copy?.fence} has not signalled after the work`);
  const why = ": were its bytes read before the work on it had ended?";
  if (hasBytes) await bench.mustHold(buffer, seed, why);
}

function mustNotHaveBegun({ driver }: DriverBench, { request, fence }: Copy, left: number, hasBytes: boolean): void {
  const has = hasBytes && isAt(driver, request) ? "has copied its bytes" : fence.signalled ? "has signalled" : null;
  const { buffer, destination, after } = request;
  const what = `the copy ${fence} of ${buffer} to ${destination.memoryType} ${has}`;
  must(has === null, () => `${what}, and has to wait for ${left} of the ${after.length} fences in \`after\``);
}

function isAt(driver: DriverBench["driver"], { destination, pages }: MoveRequest): boolean {
  const found = look(driver, destination, pages);
  return found !== null && bytesOf(pages * PAGE_SIZE, BEFORE).every((byte, at) => byte === found[at]);
}
