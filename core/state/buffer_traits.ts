import type { BufferOptions } from "../contract/buffer_options.ts";
import type { BufferKind, BufferView } from "../contract/buffer_view.ts";
import type { Reservation } from "../lock/reservation.ts";

/** What a buffer was made as, besides its size. */
export interface BufferTraits {
  readonly label: string | undefined;
  readonly kind: BufferKind;
  /** Pages that belong to whoever exported them. */
  readonly imported: Uint8Array | null;
  /** A key of the swap store that is the user's. */
  readonly swapKey: string | undefined;
  /** Told when it is gone. */
  readonly onDestroy: ((buffer: BufferView) => void) | undefined;
  /** The reservation that it was created with, if that is not its own. */
  readonly shared: Reservation | null;
}

const PLAIN: BufferTraits = {
  label: undefined,
  kind: "device",
  imported: null,
  swapKey: undefined,
  onDestroy: undefined,
  shared: null,
};

/** The traits of a new buffer; those without any share one record. */
export function traitsOf(options: BufferOptions): BufferTraits {
  const { label, kind = "device", imported = null, swapKey, onDestroy, reservation: shared = null } = options;
  const isPlain = label === undefined && kind === "device" && imported === null && swapKey === undefined &&
    onDestroy === undefined && shared === null;
  return isPlain ? PLAIN : { label, kind, imported, swapKey, onDestroy, shared };
}
