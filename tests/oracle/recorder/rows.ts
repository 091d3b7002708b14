/** Memory types; the last two are of managers that fail each request, one as busy, one as full. */
export const SYSTEM = 0;
export const TT = 1;
export const VRAM = 2;
export const BUSY_MEMORY = 3;
export const FULL_MEMORY = 4;

/** Columns of a buffer's row. */
export const ID = 0;
export const MEMORY = 1;
export const PINS = 4;
export const TABLE = 7;
export const USER = 8;
export const DEVICE = 9;
export const SHARED = 10;
export const BULK = 11;

/** Bits of the table's column. */
export const EXISTS = 1;
export const POPULATED = 2;
export const EXTERNAL = 16;
