/**
 * The bytes of one mip level of a square BC7 texture: 16 for each block of 4 by 4 texels, and also for a block that the
 * level fills only in part (Khronos Data Format Specification 1.3, section 20).
 *
 * @param side Texels along an edge, from 1.
 */
export function bc7Bytes(side: number): number {
  return 16 * Math.ceil(side / 4) ** 2;
}

/**
 * The bytes of all mip levels of a square BC7 texture but the top one, down to 1 by 1. `side` is that of the top one.
 */
export function bc7TailBytes(side: number): number {
  return side === 1 ? 0 : bc7Bytes(side >> 1) + bc7TailBytes(side >> 1);
}
