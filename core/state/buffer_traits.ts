import type { BufferOptions } from "../contract/buffer_options.ts";
import type { BufferKind, BufferView } from "../contract/buffer_view.ts";
import type { BulkMove } from "../resource/bulk_move.ts";
import type { GroupRecord } from "../groups/group_record.ts";
import type { Mappings } from "./cpu_maps.ts";
import type { RemovalReason } from "../contract/eviction_policy.ts";
import type { Reservation } from "../lock/reservation.ts";
import type { StoreCopy } from "./store_copy.ts";

/** The state of the contents of a buffer. */
export interface Contents {
  /** The error that lost the contents; undefined if they are intact. */
  readonly lost: unknown;
}

/** What a ghost object is: it holds the old resource of a buffer until the copy out of it has ended. */
interface Ghost {
  readonly of: BufferView;
  readonly made: number;
  readonly leavesBecause: RemovalReason;
}

const INTACT: Contents = { lost: undefined };

/** Options and state that most buffers do not have. */
export class BufferTraits {
  label: string | undefined = undefined;
  kind: BufferKind = "device";
  alignment = 1;
  /** The imported array, which belongs to the exporter; null if the buffer is not imported. */
  imported: Uint8Array | null = null;
  /** What a store has under a key of the caller's; null if the contents come from none. */
  stored: StoreCopy | null = null;
  /** The options for the driver, if any. */
  driverOptions: object | undefined = undefined;
  /** Called when the buffer has been freed. */
  onDestroy: ((buffer: BufferView) => void) | undefined = undefined;
  /** The shared reservation that it was created with; null if it has its own. */
  shared: Reservation | null = null;
  /** Number of references, if there are any. */
  users = 1;
  /** The group that its memory is charged to; null if there is none. */
  group: GroupRecord | null = null;
  pins = 0;
  /** How often its pin count has become 0. */
  timesUnpinned = 0;
  bulkMove: BulkMove | null = null;
  mappings: Mappings | null = null;
  /** What a blocked attempt has left to the next one. */
  unfinished: { readonly turn: number } | null = null;
  /** What makes it a ghost object; null if it is none. */
  ghost: Ghost | null = null;
  /** Number of ghost objects that hold old resources of the buffer. */
  ghosts = 0;
  contents: Contents = INTACT;

  /** These, or a copy if they are those of all buffers that have none of their own. */
  own(): BufferTraits {
    return this === PLAIN ? new BufferTraits() : this;
  }
}

const PLAIN = /* @__PURE__ */ new BufferTraits();

/** The traits of a new buffer; all buffers with default traits share one object until one of them gets others. */
export function traitsOf(options: BufferOptions): BufferTraits {
  const { label, kind = "device", alignment = 1, imported = null, driverOptions, onDestroy } = options;
  const { reservation = null, group = null } = options;
  const isPlain = label === undefined && kind === "device" && imported === null && options.stored === undefined &&
    driverOptions === undefined && onDestroy === undefined && reservation === null && alignment === 1 &&
    group === null;
  if (isPlain) return PLAIN;
  const traits = new BufferTraits();
  Object.assign(traits, {
    label,
    kind,
    alignment,
    imported,
    driverOptions,
    onDestroy,
    shared: reservation,
    group,
  });
  return traits;
}
