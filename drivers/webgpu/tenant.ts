import { type BufferView, type Fence, TtmError } from "@ttm/core";

/** What the host knows of the bytes on the device: a copy of them, that they are zero, or nothing (null). */
export type HostCopy = Uint8Array<ArrayBuffer> | "zero" | null;

/** Bytes of a tenant that have been read back for an access of the CPU. */
interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Bytes of a tenant that are being read back for an access of the CPU. */
interface Pending {
  readonly offset: number;
  readonly length: number;
  readonly fence: Fence;
}

/** A buffer object in VRAM: what the host knows of its bytes. */
export class Tenant {
  readonly buffer: BufferView;
  /** Why the bytes are lost; null while they are not. */
  lost: TtmError | null = null;
  /** Whether the host copy was read back from the device. */
  wasReadBack = false;
  /** The host copy. */
  copy: HostCopy;
  #writes = 0;
  #pieces: Piece[] = [];
  #pending: Pending[] = [];
  #readFailure: unknown = undefined;

  constructor(buffer: BufferView, copy: HostCopy) {
    this.buffer = buffer;
    this.copy = copy;
  }

  /** Whether the device alone has the bytes. */
  get isDirty(): boolean {
    return this.copy === null && !this.buffer.clean;
  }

  /** Forgets what the host knows, because the bytes on the device change. */
  noteWritten(): void {
    this.copy = null;
    this.noteChanged();
  }

  /** Forgets the bytes that were read back; the host copy has been changed along with the device. */
  noteChanged(): void {
    this.wasReadBack = false;
    this.#pieces = [];
    this.#writes++;
  }

  /**
   * Returns the function that stores bytes read back from now on, as the host copy if they are all and `keep` is set. It
   * ignores them if the bytes on the device have changed since.
   */
  whenArrived(offset: number, keep: boolean): (bytes: Uint8Array<ArrayBuffer>) => void {
    const writes = this.#writes;
    return (bytes) => {
      if (this.#writes !== writes) return;
      if (keep) {
        this.copy = bytes;
        this.wasReadBack = true;
      } else this.#pieces.push({ offset, bytes });
    };
  }

  /** Bytes that were read back, if they contain these; they are kept until {@linkcode dropPieces}. */
  piece(offset: number, length: number): Uint8Array<ArrayBuffer> | null {
    for (const { offset: from, bytes } of this.#pieces) {
      if (from <= offset && offset + length <= from + bytes.length) {
        return bytes.subarray(offset - from, offset - from + length);
      }
    }
    return null;
  }

  /** Notes that bytes are being read back, so that another attempt of the access does not begin it again. */
  notePending(offset: number, length: number, fence: Fence): void {
    const pending = { offset, length, fence };
    this.#pending.push(pending);
    fence.observe(() => this.#pending = this.#pending.filter((other) => other !== pending));
  }

  /** The readback under way that brings these bytes; null if there is none. */
  pending(offset: number, length: number): Fence | null {
    const covers = (read: Pending) => read.offset <= offset && offset + length <= read.offset + read.length;
    return this.#pending.find(covers)?.fence ?? null;
  }

  /** Forgets the bytes that were read back for one access. */
  dropPieces(): void {
    this.#pieces = [];
  }

  /** Stores the error of a failed readback for the next caller that needs the bytes. */
  noteReadFailed(error: unknown): void {
    this.#readFailure = error;
  }

  /** Throws if the bytes are lost. */
  mustBeKnown(): void {
    if (this.lost === null) return;
    const why = this.buffer.clean
      ? `${this.buffer} was on the lost device; once it is not pinned its store is read again`
      : `the only copy of the contents of ${this.buffer} was lost`;
    throw new TtmError("EIO", why, { cause: this.lost });
  }

  /** Throws if the bytes are lost, or, once, the stored error of the last readback. */
  mustBeReadable(): void {
    this.mustBeKnown();
    const error = this.#readFailure;
    this.#readFailure = undefined;
    if (error !== undefined) throw error;
  }
}
