import type { Field, Header, Operation, Place } from "./recorder/operations.ts";

/** Variants of an operation, each with a simpler value of one input. */
export function* simplerOperations({ held = [], pl = [], ...operation }: Operation): Generator<Partial<Operation>> {
  if (held.length > 0) yield { held: [] };
  if (held.length > 1) { for (const bo of held) yield { held: [bo] }; }
  if (pl.length > 1) { for (const at of pl.keys()) yield { pl: pl.toSpliced(at, 1) }; }
  for (const [at, place] of pl.entries()) {
    for (const simpler of simplerPlaces(place)) yield { pl: pl.with(at, simpler) };
  }
  const { pages = 0, target = 0 } = operation;
  if (pages > 1) {
    for (const fewer of new Set([1, 2, pages >> 1, pages - 1])) {
      if (fewer < pages) yield { pages: fewer };
    }
  }
  if (target > 1) yield { target: 1 };
  for (
    const name of ["nw", "cd", "are", "prio", "align", "bulk", "sig", "intr", "type", "err", "v"] satisfies Field[]
  ) {
    if (operation[name] !== undefined && operation[name] !== 0) yield { [name]: 0 };
  }
  if (operation.tail === 0) yield { tail: 1 };
}

function* simplerPlaces([memory, fpfn, lpfn, flags]: Place): Generator<Place> {
  if (fpfn !== 0 || lpfn !== 0 || flags !== 0) yield [memory, 0, 0, 0];
  if (flags !== 0) yield [memory, fpfn, lpfn, 0];
  if (fpfn !== 0 || lpfn !== 0) yield [memory, 0, 0, flags];
}

/** Simpler worlds for the same operations, as changed headers. */
export function* simplerHeaders(header: Header, operations: readonly Operation[]): Generator<Record<string, number>> {
  const used = (name: Field) => 1 + Math.max(-1, ...operations.map((operation) => operation[name] ?? 0));
  const simpler = {
    ndev: used("dev"),
    nresv: used("rv"),
    pipeline: 0,
    limit: 0,
    vram_tt: 0,
    hop: 0,
    evict: 0,
    mocks: 0,
  };
  for (const [name, value] of Object.entries(simpler)) {
    if (typeof header[name] === "number" && header[name] > value) yield { [name]: value };
  }
}
