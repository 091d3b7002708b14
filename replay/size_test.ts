import { assertEquals, assertThrows } from "@std/assert";
import { formatSize, parseSize } from "./size.ts";

const WHOLE = 1000 * 4096;

Deno.test("parseSize() reads bytes, units of 1024, and shares", () => {
  const sizes: Record<string, number> = {
    "4096": 4096,
    "8192B": 8192,
    "8K": 8192,
    "512M": 512 * 2 ** 20,
    "2G": 2 ** 31,
    "2GiB": 2 ** 31,
    "2GB": 2 ** 31,
    "1.5M": 1.5 * 2 ** 20,
    "100%": WHOLE,
    "25%": WHOLE / 4,
    "12.5%": WHOLE / 8,
    "250%": 2.5 * WHOLE,
    " 8K ": 8192,
  };
  for (const [text, bytes] of Object.entries(sizes)) assertEquals(parseSize("vram", text, WHOLE), bytes, text);
});

Deno.test("parseSize() rounds up to pages", () => {
  for (const text of ["1", "4095", "0.5K", "0.01%"]) assertEquals(parseSize("vram", text, WHOLE), 4096, text);
  assertEquals(parseSize("vram", "4097", WHOLE), 8192);
  assertEquals(parseSize("vram", "50%", 3 * 4096), 2 * 4096);
});

Deno.test("parseSize() refuses anything but a size of at least a page, and names option and text", () => {
  const bad = ["", "0", "0%", "0K", "-1", "-50%", "+1K", "1e300", "1e3", "NaN", "Infinity", "abc", "%", "K", "1.5.5K"];
  for (
    const text of [...bad, "50 %", "1T", "1k", "1,5K", "0x1000", ".5K", "5.K", "9007199254740993", "9".repeat(400)]
  ) {
    const error = assertThrows(() => parseSize("gtt", text, WHOLE), RangeError);
    assertEquals(
      error.message,
      `Cannot use --gtt ${JSON.stringify(text)}: give bytes, "512M", "2G" or "50%" of the peak`,
    );
  }
});

Deno.test("formatSize() writes three digits or so with a unit of 1024", () => {
  const sizes: [number, string][] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.00 KiB"],
    [1536, "1.50 KiB"],
    [10 * 1024, "10.0 KiB"],
    [5 * 2 ** 20, "5.00 MiB"],
    [2.25 * 2 ** 30, "2.25 GiB"],
    [3 * 2 ** 40, "3.00 TiB"],
    [4096 * 2 ** 40, "4096.0 TiB"],
  ];
  for (const [bytes, text] of sizes) assertEquals(formatSize(bytes), text);
});
