/** Pages are 4096 bytes everywhere. */
export const PAGE_SIZE = 4096;
/** Buffers of a lower priority are evicted first; there are priorities 0 to 3. */
export const PRIORITIES = 4;
