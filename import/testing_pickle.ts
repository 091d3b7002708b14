/** For tests: what {@linkcode pickle} can write. */
export type Pickled = number | string | boolean | null | readonly Pickled[] | { readonly [key: string]: Pickled };

/**
 * For tests: writes data as Python's pickler does in a protocol from 2 to 5, with every string, list and dict in the
 * memo, strings that come again taken from it, and containers in batches.
 */
export function pickle(data: Pickled, protocol: 2 | 3 | 4 | 5 = 4): Uint8Array<ArrayBuffer> {
  const out: number[] = [0x80, protocol];
  const strings = new Map<string, number>();
  let memo = 0;

  const uint = (value: number, bytes: number) => {
    for (let at = 0; at < bytes; at++) out.push(Math.floor(value / 256 ** at) % 256);
  };
  const remember = () => {
    if (protocol >= 4) out.push(0x94);
    else if (memo < 256) out.push(0x71, memo);
    else {
      out.push(0x72);
      uint(memo, 4);
    }
    return memo++;
  };
  const text = (value: string) => {
    const known = strings.get(value);
    if (known !== undefined && known < 256) return void out.push(0x68, known);
    if (known !== undefined) {
      out.push(0x6a);
      return uint(known, 4);
    }
    const bytes = new TextEncoder().encode(value);
    if (protocol >= 4 && bytes.length < 256) out.push(0x8c, bytes.length);
    else {
      out.push(0x58);
      uint(bytes.length, 4);
    }
    for (const byte of bytes) out.push(byte);
    strings.set(value, remember());
  };
  const number = (value: number) => {
    if (!Number.isInteger(value)) {
      out.push(0x47, ...new Uint8Array(new Float64Array([value]).buffer).reverse());
    } else if (value >= 0 && value < 256) out.push(0x4b, value);
    else if (value >= 0 && value < 65_536) {
      out.push(0x4d);
      uint(value, 2);
    } else if (value >= -(2 ** 31) && value < 2 ** 31) {
      out.push(0x4a);
      uint(value < 0 ? value + 2 ** 32 : value, 4);
    } else {
      out.push(0x8a, 8);
      const bytes = new Uint8Array(new BigInt64Array([BigInt(value)]).buffer);
      out.push(...bytes);
    }
  };
  const batches = <Item>(items: readonly Item[], one: number, many: number, write: (item: Item) => void) => {
    for (let at = 0; at < items.length; at += 1000) {
      const batch = items.slice(at, at + 1000);
      if (batch.length > 1) out.push(0x28);
      batch.forEach(write);
      out.push(batch.length > 1 ? many : one);
    }
  };
  const write = (value: Pickled): void => {
    if (value === null) out.push(0x4e);
    else if (typeof value === "boolean") out.push(value ? 0x88 : 0x89);
    else if (typeof value === "number") number(value);
    else if (typeof value === "string") text(value);
    else if (Array.isArray(value)) {
      out.push(0x5d);
      remember();
      batches(value as readonly Pickled[], 0x61, 0x65, write);
    } else {
      out.push(0x7d);
      remember();
      batches(Object.entries(value as { readonly [key: string]: Pickled }), 0x73, 0x75, ([key, item]) => {
        text(key);
        write(item);
      });
    }
  };
  write(data);
  out.push(0x2e);
  if (protocol < 4) return Uint8Array.from(out);
  const frame = new Uint8Array(new BigUint64Array([BigInt(out.length - 2)]).buffer);
  return Uint8Array.from([...out.slice(0, 2), 0x95, ...frame, ...out.slice(2)]);
}
