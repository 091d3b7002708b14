import { assertEquals } from "@std/assert";
import type { Driver, EvictionPolicy, Tracer } from "../mod.ts";

// The errors expected here are those of `deno check`.

Deno.test("a hook cannot release, pin, validate or lock the buffer that it is handed", () => {
  const driver: Partial<Driver> = {
    evictPlacement(buffer) {
      // @ts-expect-error no hook may release a buffer
      buffer.unref;
      // @ts-expect-error nor pin it
      buffer.pin;
      // @ts-expect-error nor move it
      buffer.validate;
      // @ts-expect-error nor lock it
      buffer.reservation;
      // @ts-expect-error nor take its pages away
      buffer.tt = null;
      return { placement: [{ memoryType: buffer.memoryType ?? "system" }] };
    },
    // @ts-expect-error nor when it moves
    move: ({ buffer }) => buffer.unref(),
    // @ts-expect-error nor act for a client
    verifyAccess: (_buffer, client) => client.createBuffer({ bytes: 1 }) > 0,
  };
  assertEquals(typeof driver.evictPlacement, "function");
});

Deno.test("a policy and a tracer cannot change the buffer that they are handed", () => {
  const policy: Partial<EvictionPolicy> = {
    // @ts-expect-error a policy sees size and priority
    insert: (_entry, buffer) => buffer.pin(),
  };
  const tracer: Tracer = {
    // @ts-expect-error a tracer looks on
    move: ({ buffer }) => buffer.unref(),
  };
  assertEquals([typeof policy.insert, typeof tracer.move], ["function", "function"]);
});
