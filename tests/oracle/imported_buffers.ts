import type { BufferObject, BufferView } from "@ttm/core";

/**
 * IMPORTED_KEEPS_RESERVATION: makes a new buffer an imported one of the kernel, whose pages come from its table. It keeps
 * the shared reservation when it dies.
 */
export function makeImported(buffer: BufferObject): void {
  Object.defineProperty(buffer, "kind", { value: "sg" });
  Object.defineProperty(buffer, "individualise", { value: () => {} });
}

/** The ghost of an imported buffer is an imported one, too, with its reservation. */
export function inheritImported(ghost: BufferView, parent: BufferView): void {
  if (parent.kind !== "sg") return;
  Object.defineProperty(ghost, "kind", { value: "sg" });
  Object.defineProperty(ghost, "reservation", { value: (parent as BufferObject).reservation });
}
