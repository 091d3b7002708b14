import type { Profile } from "./profiles.ts";

/** How often each operation on buffers is chosen. */
const base = {
  create: 0,
  validate: 0,
  touch: 0,
  unref: 0,
  pin: 0,
  unpin: 0,
  evict_first: 0,
  evict_all: 0,
  addfence: 0,
  signal: 0,
  flush: 0,
  wait: 0,
  drain: 0,
  populate: 0,
  write: 0,
  read: 0,
  swapout_dev: 0,
  swapout: 0,
  swapout_global: 0,
  submit: 0,
  set_bulk: 0,
  bulk_tail: 0,
  setprio: 0,
  setcaching: 0,
  fail: 0,
};

export type BufferOperation = keyof typeof base;
type Weights = Record<BufferOperation, number>;

const families: Readonly<Record<string, Partial<Weights>>> = {
  ttm: { create: 23, validate: 33, touch: 14, unref: 13, pin: 7.6, unpin: 5, evict_first: 2.4 },
  ttmf: {
    ...{ create: 21, validate: 22, touch: 4.5, unref: 12, pin: 3.5, unpin: 2.4, evict_first: 2, evict_all: 0.8 },
    ...{ addfence: 15, signal: 7, flush: 4.6, wait: 5, drain: 0.2 },
  },
  ttms: {
    ...{ create: 20, validate: 22, touch: 4.8, unref: 10, pin: 3.5, unpin: 2.3, evict_first: 3.7 },
    ...{ populate: 8.4, write: 5, read: 5, swapout_dev: 4.4, swapout: 2.5, swapout_global: 3.3 },
  },
  ttmr: {
    ...{ create: 19, validate: 22, touch: 12, unref: 9.4, pin: 4.5, unpin: 2.9, evict_first: 2.8, evict_all: 0.7 },
    ...{ submit: 6.8, set_bulk: 2.8, bulk_tail: 10 },
  },
  ttmb: { create: 19, validate: 53, touch: 4.3, unref: 10, pin: 3.5, unpin: 2.2, evict_first: 2.4, evict_all: 0.3 },
  ttmc: {
    ...{ create: 20, validate: 26, touch: 4, unref: 10, pin: 3, unpin: 2.2, evict_first: 3, evict_all: 0.7 },
    ...{ populate: 8, write: 4, read: 4, swapout_dev: 3, swapout: 2, swapout_global: 2, setcaching: 12 },
  },
  ttmx: {
    ...{ create: 19, validate: 24, touch: 6, unref: 9.4, pin: 4.5, unpin: 2.9, evict_first: 3, evict_all: 0.7 },
    ...{ submit: 5, set_bulk: 2.8, bulk_tail: 6, populate: 4 },
  },
};
const fenced: Partial<Weights> = { addfence: 7, signal: 3, flush: 2.2, wait: 2.4, drain: 0.3 };
const shared: Partial<Weights> = { submit: 4, set_bulk: 2, bulk_tail: 4 };
const swapping: Partial<Weights> = {
  ...{ swapout_dev: 0.3, swapout: 0.2, swapout_global: 0.2, populate: 0.15, write: 0.08, read: 0.08 },
};

/** The weights of a family's operations in worlds of a profile. */
export function weightsOf(family: string, profile: Profile): Readonly<Weights> {
  const own = families[family] ?? {};
  const swaps = Object.entries(swapping).map(([op, weight]) => [
    op,
    (own[op as BufferOperation] ?? 0) + weight * profile.swap,
  ]);
  const weights: Weights = {
    ...base,
    ...(profile.fences > 0 && fenced),
    ...(profile.nresv > 0 && shared),
    ...own,
    ...Object.fromEntries(swaps),
  };
  weights.setprio = profile.setprio;
  weights.fail = profile.fails;
  weights.pin *= profile.pin;
  weights.unpin *= profile.pin;
  return weights;
}
