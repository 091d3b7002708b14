import { at } from "../at.ts";
import type { BufferColumns, Run } from "../run.ts";

/** A column by which buffers are sorted. */
export type Key = Exclude<keyof BufferColumns, "id" | "pages" | "priority">;

const TEXTS: readonly Key[] = ["label", "tag", "client"];

/**
 * The rows of the buffers of which a text (label, tag or client) contains what is searched, or whose number it is, in
 * the order of a column; buffers that are equal there are in the order of their creation.
 */
export function rowsOf({ buffers, texts }: Run, query: string, key: Key, descending: boolean): Int32Array {
  const wanted = query.trim().toLowerCase();
  const matches = texts.map((text) => text.toLowerCase().includes(wanted));
  const found: number[] = [];
  for (let row = 0; row < buffers.id.length; row++) {
    const texts = [at(buffers.label, row), at(buffers.tag, row), at(buffers.client, row)];
    if (texts.some((text) => matches[text]) || `${at(buffers.id, row)}` === wanted) found.push(row);
  }
  const column = buffers[key];
  const ranks = TEXTS.includes(key) ? ranksOf(texts) : null;
  const valueOf = (row: number) => ranks === null ? at(column, row) : at(ranks, at(column, row));
  // A difference of infinities, the ends of buffers that are still there, is NaN.
  const compare = (a: number, b: number) => a === b ? 0 : a < b ? -1 : 1;
  const sign = descending ? -1 : 1;
  return Int32Array.from(found).sort((a, b) => sign * compare(valueOf(a), valueOf(b)) || a - b);
}

/** The place of each text in their order, numbers in texts by their value. */
function ranksOf(texts: readonly string[]): Int32Array {
  const { compare } = new Intl.Collator("en", { numeric: true });
  const ranks = new Int32Array(texts.length);
  const sorted = [...texts.keys()].sort((a, b) => compare(texts[a] as string, texts[b] as string));
  for (const [rank, text] of sorted.entries()) ranks[text] = rank;
  return ranks;
}
