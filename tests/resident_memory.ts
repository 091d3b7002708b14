/** V8's own function, there with `--v8-flags=--expose-gc`. */
interface Collector {
  gc?(options: { readonly type: "major"; readonly execution: "sync"; readonly flavor: "last-resort" }): void;
}

/**
 * Bytes of this process in memory, without what V8 and the allocator of C keep for later: V8's heap stays as large as it
 * was at its largest, and memory between small pieces that live long goes back to the system only when it is asked for.
 * Needs `--v8-flags=--expose-gc`, and `--allow-ffi` for the allocator of Linux.
 */
export function residentMemory(): number {
  const { gc } = globalThis as Collector;
  if (gc === undefined) throw new Error("Cannot measure memory: run with --v8-flags=--expose-gc");
  gc({ type: "major", execution: "sync", flavor: "last-resort" });
  trim();
  return Deno.memoryUsage().rss;
}

/** Gives back what the C library has free; elsewhere than on Linux with glibc it does nothing. */
function trim(): void {
  try {
    const libc = Deno.dlopen("libc.so.6", { malloc_trim: { parameters: ["usize"], result: "i32" } });
    libc.symbols.malloc_trim(0n);
    libc.close();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
  }
}
