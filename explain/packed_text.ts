/** How many characters of a text are kept. */
const MOST = 1500;
/** Characters in a slot: three of 16 bits are exact in a float. */
const IN_SLOT = 3;

/** The text as it is kept: the end of a long one is cut off. */
export function shortened(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST - 1)}…`;
}

/** Number of slots of a text. */
export function textSlots(text: string): number {
  return 1 + Math.ceil(text.length / IN_SLOT);
}

/** Writes a text into slots: its length, then its characters. */
export function putText(slots: Float64Array, at: number, text: string): void {
  slots[at] = text.length;
  for (let from = 0; from < text.length; from += IN_SLOT) {
    let packed = 0;
    for (let of = Math.min(from + IN_SLOT, text.length) - 1; of >= from; of--) {
      packed = packed * 0x10000 + text.charCodeAt(of);
    }
    slots[++at] = packed;
  }
}

/** Reads a text from slots. */
export function getText(slots: Float64Array, at: number): string {
  let left = slots[at] as number;
  let text = "";
  while (left > 0) {
    let packed = slots[++at] as number;
    for (let of = 0; of < IN_SLOT && left > 0; of++, left--) {
      text += String.fromCharCode(packed % 0x10000);
      packed = Math.floor(packed / 0x10000);
    }
  }
  return text;
}
