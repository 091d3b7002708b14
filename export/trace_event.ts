/** An event of the Trace Event Format, as far as it is used here; `ts` and `dur` are microseconds. */
export type TraceEvent =
  & { readonly name: string; readonly pid: number; readonly tid: number; readonly args?: object }
  & (
    | { readonly ph: "M" }
    | { readonly ph: "C"; readonly ts: number }
    | { readonly ph: "X"; readonly cat: string; readonly ts: number; readonly dur: number }
    | { readonly ph: "i"; readonly cat: string; readonly ts: number; readonly s: "t" }
    | { readonly ph: "b" | "e"; readonly cat: string; readonly ts: number; readonly id: number }
    | { readonly ph: "s"; readonly cat: string; readonly ts: number; readonly id: number }
    | { readonly ph: "f"; readonly cat: string; readonly ts: number; readonly id: number; readonly bp: "e" }
  );

/** The process that all tracks belong to. */
export const PID = 1;

/** Milliseconds of a device's clock in whole nanoseconds, in which slices are laid out. */
export function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}

/** Nanoseconds in microseconds, as the format has them. */
export function microseconds(ns: number): number {
  return ns / 1000;
}
