import type { BufferOptions } from "../contract/buffer_options.ts";
import type { BufferKind, BufferView } from "../contract/buffer_view.ts";
import type { Reservation } from "../lock/reservation.ts";
import type { StoreCopy } from "./store_copy.ts";

/** Options of a buffer that most buffers leave out. */
export interface BufferTraits {
  readonly label: string | undefined;
  readonly kind: BufferKind;
  /** The imported array, which belongs to the exporter; null if the buffer is not imported. */
  readonly imported: Uint8Array | null;
  /** What a store has under a key of the caller's; null if the contents come from none. Its creator sets it, once. */
  stored: StoreCopy | null;
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
  stored: null,
  driverOptions: undefined,
  onDestroy: undefined,
  shared: null,
};

/** The traits of a new buffer; all buffers with default traits share one record. */
export function traitsOf(options: BufferOptions): BufferTraits {
  const { label, kind = "device", imported = null, driverOptions, onDestroy, reservation: shared = null } = options;
  const isPlain = label === undefined && kind === "device" && imported === null && options.stored === undefined &&
    driverOptions === undefined && onDestroy === undefined && shared === null;
  return isPlain ? PLAIN : { label, kind, imported, stored: null, driverOptions, onDestroy, shared };
}
