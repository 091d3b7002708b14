/** A tensor of a file that a test makes. */
export interface Sample {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The bytes of a safetensors file: length, header, data. The header may be changed, and be of another length than said. */
export function fileOf(header: string | Uint8Array, data: Uint8Array, length?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

/** The safetensors file of some tensors, in their order; `padding` are spaces behind the header. */
export function safetensorsOf(
  samples: readonly Sample[],
  metadata?: Readonly<Record<string, string>>,
  padding = 0,
): Uint8Array {
  let end = 0;
  const entries = samples.map(({ name, dtype, shape, bytes }) => {
    const offsets = [end, end += bytes.length];
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: offsets })}`;
  });
  if (metadata !== undefined) entries.unshift(`"__metadata__":${JSON.stringify(metadata)}`);
  const data = new Uint8Array(end);
  let at = 0;
  for (const { bytes } of samples) {
    data.set(bytes, at);
    at += bytes.length;
  }
  return fileOf(`{${entries.join(",")}}${" ".repeat(padding)}`, data);
}
