import { assert, assertEquals } from "@std/assert";

/** For tests: an event as any reader of the Trace Event Format sees it. */
export interface ReadEvent {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: number;
  readonly bp?: string;
  readonly s?: string;
  // deno-lint-ignore no-explicit-any -- each event has its own
  readonly args?: any;
}

/** For tests: whole nanoseconds. */
const ns = (us: number) => Math.round(us * 1000);

interface ReadSlice {
  readonly begin: number;
  readonly end: number;
}

/**
 * For tests: reads a trace as the Trace Event Format has it, without a line of the writer. Fails unless slices of a
 * track nest, each flow goes from within a slice to the beginning of one and not back in time, asynchronous slices
 * begin before they end, and every track has a name.
 */
export function readTrace(text: string): readonly ReadEvent[] {
  const { displayTimeUnit, traceEvents }: { displayTimeUnit: string; traceEvents: ReadEvent[] } = JSON.parse(text);
  assertEquals(displayTimeUnit, "ms");
  for (const event of traceEvents) {
    assert(["M", "C", "X", "i", "b", "e", "s", "f"].includes(event.ph), JSON.stringify(event));
    assert(Number.isInteger(event.pid) && Number.isInteger(event.tid), JSON.stringify(event));
    if (event.ph !== "M") assert(Number.isFinite(event.ts) && event.ts >= 0, JSON.stringify(event));
    if (event.ph === "i") assert(["g", "p", "t"].includes(event.s ?? ""), JSON.stringify(event));
    if (event.ph === "C") assert(Object.values(event.args).every(Number.isFinite), JSON.stringify(event));
  }
  const of = (...phases: string[]) => traceEvents.filter(({ ph }) => phases.includes(ph));
  const named = new Set(of("M").filter(({ name }) => name === "thread_name").map(({ tid }) => tid));
  for (const { tid, name } of of("X", "i", "s", "f")) assert(named.has(tid), `${name} is on a track without a name`);
  const tracks = Map.groupBy(of("X"), ({ tid }) => tid);
  const slices = new Map([...tracks].map(([tid, events]) => [tid, nested(events)]));
  checkPairs(of("b", "e"), "b", "e");
  for (const [start, finish] of checkPairs(of("s", "f"), "s", "f")) {
    assertEquals(finish.bp, "e");
    assert(slices.get(start.tid)?.some(({ begin, end }) => begin <= ns(start.ts) && ns(start.ts) < end), "flow start");
    assert(slices.get(finish.tid)?.some(({ begin, end }) => begin <= ns(finish.ts) && ns(finish.ts) < end), "flow end");
  }
  return traceEvents;
}

function nested(events: readonly ReadEvent[]): readonly ReadSlice[] {
  const slices = events.map(({ ts, dur = NaN }) => ({ begin: ns(ts), end: ns(ts) + ns(dur) }));
  const open: ReadSlice[] = [];
  for (const slice of slices.toSorted((a, b) => a.begin - b.begin || b.end - a.end)) {
    assert(slice.end >= slice.begin, JSON.stringify(slice));
    while (open.length > 0 && (open.at(-1) as ReadSlice).end <= slice.begin) open.pop();
    const around = open.at(-1);
    assert(
      around === undefined || slice.end <= around.end,
      `${JSON.stringify(slice)} overlaps ${JSON.stringify(around)}`,
    );
    open.push(slice);
  }
  return slices;
}

function checkPairs(events: readonly ReadEvent[], first: string, second: string): [ReadEvent, ReadEvent][] {
  return [...Map.groupBy(events, ({ cat, id }) => `${cat} ${id}`)].map(([key, pair]) => {
    const begin = pair.find(({ ph }) => ph === first);
    const end = pair.find(({ ph }) => ph === second);
    assert(pair.length === 2 && begin !== undefined && end !== undefined, `${key} is no pair`);
    assert(ns(begin.ts) <= ns(end.ts), `${key} goes back in time`);
    return [begin, end];
  });
}

/** For tests: what each counter shows at the end. */
export function lastCounters(events: readonly ReadEvent[]): Record<string, number> {
  const counters = events.filter(({ ph }) => ph === "C").toSorted((a, b) => a.ts - b.ts);
  return Object.fromEntries(counters.map(({ name, args }) => [name, args.bytes]));
}
