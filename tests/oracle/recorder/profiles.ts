/** The members of headers. Sizes are in pages, for mm in units and for buddy in bytes. */
const WORLD = {
  vram: 0,
  tt: 0,
  evict: 0,
  hop: 0,
  pipeline: 0,
  fences: 0,
  ndev: 1,
  limit: 0,
  buddy: 0,
  vram_tt: 0,
  nresv: 0,
  nt: 3,
  nx: 0,
  nn: 2,
  mocks: 0,
  start: 0,
  size: 0,
  color: 0,
  chunk: 0,
};

/** Settings that are not in headers: probabilities, unless stated otherwise. */
const KNOBS = {
  /** Number of priorities in use. */
  prios: 1,
  /** An alignment. */
  aligns: 0,
  /** A place with bounds. */
  range: 0.12,
  topdown: 0.15,
  contiguous: 0.08,
  desired: 0.07,
  fallback: 0.15,
  temporary: 0,
  nw: 0.35,
  cd: 0.25,
  are: 0.4,
  held: 0.3,
  purge: 0.06,
  /** A buffer uses a shared reservation. */
  shared: 0.65,
  /** Such a buffer joins a bulk move. */
  bulk: 0.5,
  /** A buffer of up to the whole VRAM. */
  big: 0.04,
  /** A buffer that is larger than a memory type. */
  over: 0,
  /** Target number of live buffers. */
  live: 16,
  /** Pin or unpin without updating the LRU. */
  lonelyPin: 0.3,
  sig: 0.25,
  /** A lock can be interrupted; weight of interruptions. */
  intr: 0.5,
  interrupts: 5,
  /** Number of buffers that a trace of tickets or threads starts with. */
  bos: 12,
  /** A kernel or sg buffer. */
  kinds: 0,
  /** A fence is signalled with an error. */
  errors: 0,
  /** Weight of injected failures. */
  fails: 0,
  /** Weight of priority changes. */
  setprio: 0,
  /** Factor of the weights of pin and unpin. */
  pin: 1,
  /** A place in a manager that always fails. */
  mock: 0,
  /** Weight of swap operations. */
  swap: 0,
  /** Of mm: insertions of mode EVICT, reservations of a range, insertions that look at one hole only. */
  evictMode: 0,
  reserve: 0,
  once: 0,
  /** Of buddy: cleared memory. */
  clear: 0,
};

/** A kind of random trace. */
export type Profile = { readonly name: string } & Readonly<typeof WORLD> & Readonly<typeof KNOBS>;
type Changes = Partial<typeof WORLD & typeof KNOBS>;

function profile(name: string, changes: Changes): Profile {
  return { name, ...WORLD, ...KNOBS, ...changes };
}

const wild: Changes = { range: 0.3, topdown: 0.3, contiguous: 0.2, desired: 0.2, fallback: 0.25, temporary: 0.08 };
const fenced: Changes = { fences: 1 };
const piped: Changes = { fences: 1, pipeline: 1 };
const npot: Changes = { buddy: 1, contiguous: 0.3, topdown: 0.3 };

/** All profiles of each family; seed s is one of profile (s - 1) mod their number. */
export const PROFILES: Readonly<Record<string, readonly Profile[]>> = {
  ttm: [
    profile("p0-vram-sys", { vram: 64 }),
    profile("p1-prio-align", { vram: 256, prios: 4, aligns: 0.7 }),
    profile("p2-vram-tt-sys", { vram: 256, tt: 128, evict: 1, aligns: 0.7 }),
    profile("p3-recursive", { vram: 128, tt: 96, evict: 2, prios: 4 }),
    profile("p4-multihop", { vram: 128, tt: 64, hop: 1 }),
    profile("p5-wild", { vram: 96, tt: 48, evict: 1, prios: 4, aligns: 0.3, ...wild }),
    profile("p6-hop-prio-wild", { vram: 96, tt: 32, hop: 1, prios: 4, ...wild }),
    profile("p7-discard", { vram: 64, tt: 64, evict: 3, prios: 4 }),
    profile("p8-tight", { vram: 16, tt: 12, evict: 2, aligns: 0.5, live: 24, big: 0.1 }),
    profile("p9-wide-tt", { vram: 16, tt: 256, evict: 1, prios: 2, held: 0.6, live: 30 }),
    profile("p10-too-large", { vram: 48, tt: 24, evict: 1, over: 0.15, prios: 2 }),
    profile("p11-too-large-hop", { vram: 32, tt: 48, hop: 1, over: 0.15, held: 0.5 }),
    profile("p12-one-page", { vram: 1, tt: 2, evict: 2, over: 0.3, live: 8, ...wild }),
  ],
  ttmf: [
    profile("f1-vram-sys", { vram: 64, ...fenced }),
    profile("f2-vram-sys-pipe", { vram: 64, ...piped }),
    profile("f3-vram-tt-pipe-prio", { vram: 128, tt: 64, evict: 1, ...piped, prios: 4, aligns: 0.3 }),
    profile("f4-recursive-pipe", { vram: 128, tt: 96, evict: 2, ...piped, prios: 4 }),
    profile("f5-recursive-nopipe", { vram: 96, tt: 48, evict: 2, ...fenced, cd: 0.1 }),
    profile("f6-hop-pipe", { vram: 128, tt: 64, hop: 1, ...piped }),
    profile("f7-hop-tight", { vram: 64, tt: 24, hop: 1, ...fenced, cd: 0.1, nw: 0.5 }),
    profile("f8-discard", { vram: 128, tt: 64, evict: 3, ...piped, prios: 4 }),
    profile("f9-2dev-wild", { vram: 64, tt: 48, evict: 1, ...piped, ndev: 2, prios: 4, ...wild }),
    profile("f10-vramtt", { vram: 64, tt: 48, evict: 1, ...piped, vram_tt: 1, prios: 4 }),
    profile("f11-too-large", { vram: 48, tt: 24, evict: 2, ...piped, over: 0.15, prios: 2 }),
    profile("f12-too-large-nopipe", { vram: 32, tt: 40, evict: 1, ...fenced, over: 0.15, nw: 0.1 }),
    profile("f13-hop-wild-tight", { vram: 24, tt: 12, hop: 1, ...piped, prios: 2, live: 24, ...wild }),
    profile("f14-3dev-slow-copies", { vram: 48, tt: 24, evict: 2, ...fenced, ndev: 3, cd: 0, nw: 0.2, live: 24 }),
  ],
  ttms: [
    profile("s1-one-dev", { vram: 64, tt: 64, evict: 1 }),
    profile("s2-prio-2dev", { vram: 64, tt: 64, evict: 1, ndev: 2, prios: 4 }),
    profile("s3-limit-3dev", { vram: 64, tt: 64, evict: 1, ndev: 3, limit: 60, prios: 4 }),
    profile("s4-fence-2dev", { vram: 64, tt: 64, evict: 1, ndev: 2, ...piped }),
    profile("s5-fence-limit", { vram: 64, tt: 64, evict: 1, ndev: 2, ...piped, limit: 50, prios: 4 }),
    profile("s6-fence-nopipe", { vram: 64, tt: 96, evict: 2, ndev: 3, ...fenced, limit: 80, prios: 4 }),
    profile("s7-4dev-discard", { vram: 48, tt: 32, evict: 3, ndev: 4, limit: 40, prios: 4, live: 24 }),
    profile("s8-hop-limit", { vram: 64, tt: 40, hop: 1, limit: 48, prios: 2 }),
    profile("s9-vramtt", { vram: 64, tt: 48, evict: 1, vram_tt: 1, limit: 90, prios: 4 }),
    profile("s10-vramtt-fence-2dev", { vram: 48, tt: 32, evict: 2, vram_tt: 1, ...piped, ndev: 2, limit: 70 }),
    profile("s11-too-large", { vram: 32, tt: 24, evict: 1, limit: 40, over: 0.15, prios: 2 }),
    profile("s12-too-large-fence", { vram: 32, tt: 24, evict: 2, ...fenced, limit: 40, over: 0.12 }),
    profile("s13-4dev-fence-tight", { vram: 32, tt: 48, evict: 1, ...fenced, ndev: 4, limit: 24, prios: 4, live: 24 }),
    profile("s14-hop-fence-2dev", { vram: 48, tt: 24, hop: 1, ...piped, ndev: 2, limit: 40, ...wild }),
  ],
  ttmr: [
    profile("r1-vram-sys", { vram: 64, nresv: 3 }),
    profile("r2-prio", { vram: 128, nresv: 3, prios: 4 }),
    profile("r3-vram-tt", { vram: 128, tt: 64, evict: 1, nresv: 3 }),
    profile("r4-recursive", { vram: 128, tt: 96, evict: 2, nresv: 3, prios: 4 }),
    profile("r5-fence-pipe", { vram: 128, tt: 64, evict: 1, ...piped, nresv: 3 }),
    profile("r6-fence-nopipe", { vram: 96, tt: 64, evict: 1, ...fenced, nresv: 3 }),
    profile("r7-fence-2dev", { vram: 64, tt: 48, evict: 1, ...piped, ndev: 2, nresv: 4, prios: 4 }),
    profile("r8-hop-6resv", { vram: 96, tt: 48, hop: 1, nresv: 6, prios: 4, live: 24 }),
    profile("r9-fence-discard", { vram: 64, tt: 32, evict: 3, ...piped, nresv: 3, prios: 4 }),
    profile("r10-fence-limit-swap", { vram: 64, tt: 64, evict: 1, ...fenced, nresv: 4, limit: 80, swap: 8, ...wild }),
    profile("r11-fence-3dev", { vram: 48, tt: 32, evict: 2, ...piped, ndev: 3, nresv: 6, shared: 0.9, live: 24 }),
    profile("r12-fence-4dev-nopipe", { vram: 32, tt: 24, evict: 1, ...fenced, ndev: 4, nresv: 3, shared: 1, live: 30 }),
    profile("r13-one-resv-2dev", { vram: 48, tt: 32, evict: 2, ...piped, ndev: 2, nresv: 1, shared: 1, are: 0.7 }),
    profile("r14-too-large", { vram: 48, tt: 24, evict: 1, ...piped, nresv: 2, over: 0.15, prios: 2, are: 0.7 }),
    profile("r15-hop-fence-2dev-swap", { vram: 48, tt: 32, hop: 1, ...piped, ndev: 2, nresv: 4, limit: 60, swap: 6 }),
  ],
  ttmb: [
    profile("b1-pow2-tt", { vram: 64, buddy: 1, vram_tt: 1 }),
    profile("b2-npot-tt-prio", { vram: 200, buddy: 1, vram_tt: 1, prios: 4 }),
    profile("b3-pow2-ttmem", { vram: 256, tt: 96, evict: 1, buddy: 1, vram_tt: 1 }),
    profile("b4-pow2-novtt", { vram: 128, buddy: 1 }),
    profile("b5-npot-ttmem", { vram: 300, tt: 96, evict: 1, buddy: 1 }),
    profile("b6-fence-pipe", { vram: 128, tt: 96, evict: 2, ...piped, buddy: 1, prios: 4 }),
    profile("b7-fence-nopipe", { vram: 100, tt: 48, evict: 1, ...fenced, buddy: 1, prios: 4 }),
    profile("b8-hop", { vram: 96, tt: 48, hop: 1, buddy: 1 }),
    profile("b9-fence-2dev", { vram: 64, tt: 48, evict: 1, ...piped, ndev: 2, buddy: 1, prios: 2 }),
    profile("b10-contiguous", { vram: 1021, tt: 64, evict: 1, buddy: 1, contiguous: 0.5, topdown: 0.4, live: 30 }),
    profile("b11-npot-2dev", { vram: 77, tt: 32, evict: 1, ...npot, ndev: 2, prios: 2 }),
    profile("b12-npot-fence-2dev", { vram: 53, tt: 48, evict: 2, ...piped, ...npot, ndev: 2, live: 24 }),
    profile("b13-npot-discard", { vram: 45, tt: 12, evict: 3, ...fenced, ...npot, prios: 4 }),
    profile("b14-npot-too-large", { vram: 39, tt: 20, evict: 1, ...npot, over: 0.15 }),
    profile("b15-npot-hop-fence", { vram: 111, tt: 24, hop: 1, ...piped, ...npot, big: 0.1 }),
    profile("b16-npot-resv-3dev", { vram: 61, tt: 40, evict: 1, ...piped, ...npot, ndev: 3, nresv: 3, live: 24 }),
    profile("b17-too-large-fence", { vram: 32, tt: 40, evict: 2, ...fenced, buddy: 1, vram_tt: 0, over: 0.15 }),
  ],
  ttmt: [
    profile("t1-ww", { vram: 16 }),
    profile("t2-ww-prio", { vram: 24, prios: 4 }),
    profile("t3-evict", { vram: 16, tt: 12, evict: 1 }),
    profile("t4-evict-recursive", { vram: 16, tt: 12, evict: 2 }),
    profile("t5-exec", { vram: 16, nx: 2 }),
    profile("t6-exec-tt", { vram: 16, tt: 12, evict: 1, nx: 2 }),
    profile("t7-5tickets", { vram: 24, tt: 12, evict: 2, nt: 5, bos: 16, prios: 2 }),
    profile("t8-4execs", { vram: 20, tt: 12, evict: 2, nt: 2, nx: 4, bos: 16 }),
    profile("t9-exec-recursive", { vram: 24, tt: 16, evict: 2, nt: 3, nx: 3, bos: 20, prios: 4 }),
    profile("t10-hop", { vram: 16, tt: 12, hop: 1, nt: 3, nx: 1, bos: 14 }),
    profile("t11-5tickets-4execs", { vram: 24, tt: 16, evict: 1, nt: 5, nx: 4, bos: 24, prios: 2, sig: 0.1 }),
    profile("t12-5tickets-4execs-hop", { vram: 20, tt: 10, hop: 1, nt: 5, nx: 4, bos: 20, nw: 0.1 }),
    profile("t13-too-large", { vram: 12, tt: 8, evict: 2, nt: 4, nx: 2, over: 0.15, bos: 16 }),
    profile("t14-discard-prio", { vram: 16, tt: 8, evict: 3, nt: 4, nx: 4, bos: 16, prios: 4, ...wild }),
  ],
  ttmw: [
    profile("w1-tickets-and-none", { vram: 32, nt: 4, bos: 4 }),
    profile("w2-without-tickets", { vram: 32, nt: 0, nn: 7, bos: 3 }),
    profile("w3-tickets", { vram: 32, nt: 7, nn: 0, bos: 5 }),
    profile("w4-execs", { vram: 32, nt: 0, nx: 6, nn: 0, bos: 5 }),
    profile("w5-tickets-execs-and-none", { vram: 32, tt: 16, evict: 1, nt: 4, nx: 4, nn: 3, bos: 6 }),
    profile("w6-two-buffers", { vram: 16, nt: 6, nx: 2, nn: 4, bos: 2 }),
    profile("w7-interrupted", { vram: 16, nt: 6, nx: 2, nn: 4, bos: 3, intr: 0.9, interrupts: 25 }),
    profile("w8-uninterruptible", { vram: 16, nt: 8, nx: 4, nn: 4, bos: 8, intr: 0, prios: 4 }),
    profile("w9-shared", { vram: 32, nt: 4, nx: 4, nn: 3, bos: 8, nresv: 2, shared: 0.6 }),
    profile("w10-too-large", { vram: 12, nt: 4, nx: 4, nn: 2, bos: 10, over: 0.2, prios: 2 }),
  ],
  ttmx: [
    profile("x1-kinds", { vram: 64, tt: 48, evict: 1, ...piped, nresv: 3, kinds: 0.35, prios: 4, swap: 6 }),
    profile("x2-fence-errors", { vram: 64, tt: 48, evict: 2, ...piped, nresv: 2, errors: 0.5, prios: 2 }),
    profile("x3-failures", { vram: 64, tt: 48, evict: 1, ...piped, nresv: 2, fails: 12, swap: 6, limit: 80 }),
    profile("x4-setprio", { vram: 64, tt: 48, evict: 1, ...piped, nresv: 3, prios: 4, setprio: 12, bulk: 0.8 }),
    profile("x5-mocks", { vram: 64, tt: 48, evict: 1, ...piped, nresv: 2, mocks: 1, mock: 0.3, prios: 2 }),
    profile("x6-pinned-bulk", {
      ...{ vram: 64, tt: 48, evict: 1, ...piped, nresv: 2, bulk: 0.9, purge: 0.2, prios: 2, pin: 4, shared: 0.9 },
    }),
    profile("x7-all", {
      ...{ vram: 48, tt: 32, evict: 2, ...fenced, nresv: 3, prios: 4, kinds: 0.2, errors: 0.3, fails: 5, setprio: 5 },
      ...{ mocks: 1, mock: 0.1, swap: 6, limit: 60, pin: 2 },
    }),
    profile("x8-hop-failures", { vram: 64, tt: 40, hop: 1, ...piped, nresv: 2, fails: 12, prios: 2 }),
    profile("x9-failures-nofence", { vram: 64, tt: 48, evict: 2, nresv: 2, fails: 12, swap: 8, limit: 70 }),
    profile("x10-2dev-all", {
      ...{ vram: 48, tt: 32, evict: 1, ...piped, ndev: 2, nresv: 4, prios: 4, kinds: 0.2, errors: 0.2, fails: 4 },
      ...{ setprio: 4, swap: 6, limit: 90 },
    }),
    profile("x11-too-large", { vram: 32, tt: 24, evict: 2, ...piped, nresv: 2, over: 0.12, kinds: 0.2, fails: 4 }),
    profile("x12-3dev-hop-all", {
      ...{ vram: 48, tt: 24, hop: 1, ...fenced, ndev: 3, nresv: 3, prios: 2, kinds: 0.2, errors: 0.2, fails: 4 },
      ...{ setprio: 4, swap: 6, limit: 70, mocks: 1, mock: 0.1 },
    }),
  ],
  ttmc: [
    profile("c1-vram-tt", { vram: 64, tt: 48, evict: 1 }),
    profile("c2-vramtt-limit", { vram: 64, tt: 48, evict: 1, vram_tt: 1, limit: 80, prios: 2 }),
    profile("c3-fence-pipe", { vram: 48, tt: 32, evict: 2, ...piped, purge: 0.15 }),
    profile("c4-hop-limit", { vram: 48, tt: 32, hop: 1, limit: 60 }),
    profile("c5-hop-fence-wild", { vram: 48, tt: 24, hop: 1, ...fenced, ...wild }),
    profile("c6-discard", { vram: 48, tt: 24, evict: 3, ...piped, purge: 0.2 }),
    profile("c7-2dev-resv-fence-limit", { vram: 48, tt: 32, evict: 1, ...piped, ndev: 2, nresv: 3, limit: 90 }),
    profile("c8-too-large-vramtt-fence", { vram: 32, tt: 24, evict: 1, vram_tt: 1, ...fenced, over: 0.12 }),
    profile("c9-failures", { vram: 48, tt: 32, evict: 2, ...piped, fails: 10, purge: 0.15, limit: 80 }),
    profile("c10-hop-too-large-purge", { vram: 32, tt: 24, hop: 1, over: 0.1, purge: 0.15 }),
  ],
  mm: [
    profile("basic-4096", { size: 4096 }),
    profile("offset-65536-evict-reserve", { start: 1000, size: 65536, evictMode: 1, reserve: 1 }),
    profile("color-guard-8192", { size: 8192, color: 1, reserve: 1 }),
    profile("color-evict-16384", { start: 77, size: 16384, color: 1, reserve: 1, evictMode: 1 }),
    profile("once-8192", { size: 8192, evictMode: 1, once: 1 }),
    profile("tiny-96", { start: 5, size: 96, evictMode: 1, reserve: 1 }),
    profile("color-once-2000", { start: 3, size: 2000, color: 1, reserve: 1, evictMode: 1, once: 1 }),
  ],
  buddy: [
    profile("pow2-16M-4K", { size: 2 ** 24, chunk: 4096 }),
    profile("npot-13M+12K-4K", { size: 13 * 2 ** 20 + 12288, chunk: 4096 }),
    profile("clear-64M-16K", { size: 2 ** 26, chunk: 16384, clear: 1 }),
    profile("npot-clear-21M+4K", { size: 21 * 2 ** 20 + 4096, chunk: 4096, clear: 1 }),
    profile("npot-clear-3M+20K", { size: 3 * 2 ** 20 + 20480, chunk: 4096, clear: 1 }),
    profile("npot-clear-31-chunks", { size: 31 * 8192, chunk: 8192, clear: 1 }),
    profile("npot-5M+112K-16K", { size: 5 * 2 ** 20 + 7 * 16384, chunk: 16384 }),
  ],
};

/** The profile of a seed, or the one of that name; undefined if there is none. */
export function profileOf(family: string, seed: number, name?: string): Profile | undefined {
  const profiles = PROFILES[family] ?? [];
  return name === undefined ? profiles[(seed - 1) % profiles.length] : profiles.find((each) => each.name === name);
}
