import type { Measured } from "./rounds.ts";

/** A figure of a variant of a row, for machines: nanoseconds an operation, or what the row counts. */
export interface Figure {
  readonly row: string;
  readonly variant: string;
  readonly best: number;
  readonly median: number;
  /** How many times as much as the first variant of the row. */
  readonly ratio: number;
}

/** The figures of a row, each a JSON object in a line of its own. */
export function jsonLines(row: string, measured: readonly Measured[]): string[] {
  return measured.map(({ name: variant, best, median, ratio }) => {
    const figure: Figure = { row, variant, best, median, ratio };
    return JSON.stringify(figure);
  });
}

/** The figures of a row as lines of a table; the last variant is the calibration, and stands in the heading. */
export function tableLines(row: string, measured: readonly Measured[]): string[] {
  const variants = measured.slice(0, -1);
  return [`${row}  (calibration ${measured.at(-1)?.median.toFixed(2)})`, ...variants.map(tableLine)];
}

function tableLine({ name, best, median, ratio }: Measured): string {
  const figures = [best.toFixed(1), median.toFixed(1), ratio.toPrecision(3)];
  return `  ${name.padEnd(58)}${figures.map((figure) => figure.padStart(9)).join("")}`;
}
