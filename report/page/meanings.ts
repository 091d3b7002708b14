type Part =
  | "overview"
  | "memory"
  | "map"
  | "flow"
  | "order"
  | "fragmentation"
  | "failures"
  | "buffers"
  | "selected";

/** What the figures of each part of the page mean, in the words of the documentation of `@ttm/replay`. */
export const MEANINGS: Readonly<Record<Part, string>> = {
  overview:
    "Events: what the record has of allocations, moves, uses and frees. Evictions: buffers that had to leave a " +
    "memory type so that others had room. Bytes moved: copied between memory types. Failures: calls for which no place " +
    "had room, or that failed otherwise. Waits: operations that had to wait for a fence, a reservation or room.",
  memory:
    "Bytes of each memory type that buffers have, each buffer rounded up to pages. Where there are more changes than " +
    "pixels, each point is the highest value of its part of the time.",
  map:
    "Each rectangle is a buffer that stays in a place: time from left to right, addresses from bottom to top. The line " +
    "is the moment. Drag to pan, turn the wheel to zoom, with Alt along addresses; click to choose a moment and a buffer.",
  flow:
    "Bytes that were copied from one memory type to another, divided by the time in which they were: new buffers are " +
    "bound or cleared, and copy nothing; nor do moves of contents that a store has.",
  order:
    "The buffers of a memory type at the moment, the next victim first. Pinned buffers are not evicted, and what is " +
    "busy or reserved is passed over.",
  fragmentation: "1 − largest hole ÷ free memory: 0 for at most one hole, near 1 for many small ones.",
  failures: "Calls that failed, with the report of what holds the room.",
  buffers: "Bytes: as asked for. Evictions: how often it was evicted. Bytes moved: copied for it between memory types.",
  selected: "Where the buffer was, why it came there, and why it left.",
};
