import { at } from "../at.ts";
import { NONE, type Run } from "../run.ts";

/** How a buffer is called: its number, and its label if it has one. */
export function bufferName(run: Run, row: number): string {
  if (row === NONE) return "no buffer";
  const label = run.texts[at(run.buffers.label, row)] ?? "";
  return `buffer ${at(run.buffers.id, row)}${label === "" ? "" : ` "${label}"`}`;
}

/** The name of a memory type. */
export function typeName(run: Run, type: number): string {
  return run.types[type]?.name ?? "no memory";
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A size in bytes for people: `"1.50 GiB"`. */
export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  const digits = power === 0 || value >= 1000 ? 0 : value >= 100 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[power]}`;
}

/** A moment or a length of time for people: `"3,200.5 ms"`, or steps where times are not known. */
export function timeText(run: Pick<Run, "time">, time: number): string {
  if (run.time === "steps") return `${time.toLocaleString("en-US", { maximumFractionDigits: 0 })} steps`;
  const digits = time !== 0 && Math.abs(time) < 10 ? 3 : 1;
  return `${time.toLocaleString("en-US", { maximumFractionDigits: digits })} ms`;
}
