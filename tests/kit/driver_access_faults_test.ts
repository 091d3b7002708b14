import { assert } from "@std/assert";
import { type BufferView, type Driver, PAGE_SIZE } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { testDriver } from "./mod.ts";
import { complaints } from "./testing_faults.ts";
import { blindCard } from "./testing_plain_card.ts";

const supports = { windows: false };

type Access = (buffer: BufferView, offset: number, bytes: Uint8Array, write: boolean) => void;

/** A card without windows, whose `accessMemory` is changed. */
const accessing = (change: (access: Access) => Access) => (): Driver => {
  const card = blindCard();
  return { ...card, accessMemory: change(card.accessMemory as Access) };
};

/** Cards, and a part of the message of a case that they fail. */
const faults: Readonly<Record<string, readonly [factory: () => Driver, said: string]>> = {
  "accesses the start of a buffer, wherever it is asked to": [
    accessing((access) => (buffer, _offset, bytes, write) => access(buffer, 0, bytes, write)),
    "should have",
  ],
  "rounds the offset of an access down to 4 bytes": [
    accessing((access) => (buffer, offset, bytes, write) => access(buffer, offset & ~3, bytes, write)),
    "should have",
  ],
  "writes multiples of 4 bytes": [
    accessing((access) => (buffer, offset, bytes, write) => {
      if (!write || offset + bytes.length + 4 > buffer.pages * PAGE_SIZE) return access(buffer, offset, bytes, write);
      const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
      padded.set(bytes);
      return access(buffer, offset, padded, write);
    }),
    "should have",
  ],
  "writes all of the array that it is given a part of": [
    accessing((access) => (buffer, offset, bytes, write) =>
      access(buffer, offset, write ? new Uint8Array(bytes.buffer, 0, bytes.length) : bytes, write)
    ),
    "should have",
  ],
  "keeps what is written until the next access": [
    accessing((access) => {
      let pending = () => {};
      return (buffer, offset, bytes, write) => {
        pending();
        pending = () => {};
        if (write) pending = () => void access(buffer, offset, bytes, true);
        else access(buffer, offset, bytes, false);
      };
    }),
    "should have",
  ],
};

for (const [fault, [driver, said]] of Object.entries(faults)) {
  Deno.test(`the driver suite detects a driver that ${fault}, and says so`, async () => {
    const factory = () => ({ driver: driver(), managers: { vram: firstFit() } });
    const failed = await complaints((test) => testDriver({ test, factory, supports }));
    assert(failed.some(([, message]) => message.includes(said)), `it said: ${failed.slice(0, 6).join("\n")}`);
  });
}

testDriver({
  test: Deno.test,
  name: "blind-card",
  factory: () => ({ driver: blindCard(), managers: { vram: firstFit() } }),
  supports,
});
