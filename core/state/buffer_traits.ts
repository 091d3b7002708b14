import type { BufferOptions } from "../contract/buffer_options.ts";
import type { BufferKind, BufferView } from "../contract/buffer_view.ts";
import type { Reservation } from "../lock/reservation.ts";

/** Options of a buffer that most buffers leave out. */
export interface BufferTraits {
  readonly label: string | undefined;
  readonly kind: BufferKind;
  /** The imported array, which belongs to the exporter; null if the buffer is not imported. */
  readonly imported: Uint8Array | null;
  /** The user's own key in the swap store, if any. */
  readonly swapKey: string | undefined;
  /** The options for the driver, if any. */
  readonly driverOptions: object | undefined;
  /** Called when the buffer has been freed. */
  readonly onDestroy: ((buffer: BufferView) => void) | undefined;
  /** The shared reservation that it was created with; null if it has its own. */
  readonly shared: Reservation | null;
}

const PLAIN: BufferTraits = {
  label: undefined,
  kind: "device",
  imported: null,
  swapKey: undefined,
  driverOptions: undefined,
  onDestroy: undefined,
  shared: null,
};

/** The traits of a new buffer; all buffers with default traits share one record. */
export function traitsOf(options: BufferOptions): BufferTraits {
  const { label, kind = "device", imported = null, swapKey, driverOptions, onDestroy } = options;
  const shared = options.reservation ?? null;
  const isPlain = label === undefined && kind === "device" && imported === null && swapKey === undefined &&
    driverOptions === undefined && onDestroy === undefined && shared === null;
  return isPlain ? PLAIN : { label, kind, imported, swapKey, driverOptions, onDestroy, shared };
}
