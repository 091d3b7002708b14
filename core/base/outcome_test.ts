import { assertEquals } from "@std/assert";
import { codeOf, EIO, EMULTIHOP, outcomeOf } from "./outcome.ts";
import type { TtmErrorCode } from "../mod.ts";

Deno.test("codeOf() is the inverse of outcomeOf() for every code that the algorithms know", () => {
  const codes: readonly TtmErrorCode[] = [
    ...["EAGAIN", "EALREADY", "EBUSY", "EDEADLK", "EINVAL", "EIO", "ENODEV", "ENOMEM", "ENOSPC"] as const,
  ];
  for (const code of codes) assertEquals(codeOf(outcomeOf(code)), code);
});

Deno.test("outcomes and codes without a counterpart are I/O errors", () => {
  assertEquals([codeOf(EMULTIHOP), codeOf(-1), outcomeOf("EPERM")], ["EIO", "EIO", EIO]);
});
