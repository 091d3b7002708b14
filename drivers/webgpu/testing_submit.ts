import { type BoDevice, type BufferObject, type Fence, reserveList } from "@ttm/core";
import type { WebGpu } from "./mod.ts";

/** Stands in for `device.submit` until the core has it. */
export async function submit(
  _device: BoDevice,
  // deno-lint-ignore no-explicit-any
  driver: WebGpu<any>,
  uses: readonly { readonly buffer: BufferObject; readonly usage?: "read" | "write" }[],
  run: () => Fence | void,
): Promise<Fence | null> {
  const entries = uses.map(({ buffer, usage = "write" as const }) => ({ buffer, usage }));
  const list = await reserveList(uses.map(({ buffer, usage = "write" }) => ({ buffer, usage })));
  try {
    for (;;) {
      for (const { buffer } of entries) await buffer.validate(driver.defaultPlacement());
      const postponed = driver.beginSubmit(entries);
      if (postponed === undefined) break;
      await postponed.retryAfter.settled().catch(() => {});
    }
    let fence;
    try {
      fence = run();
    } finally {
      const end = driver.endSubmit();
      fence ??= end;
    }
    for (const { buffer, usage } of entries) buffer.addFence(fence, usage);
    return fence;
  } finally {
    list[Symbol.dispose]();
  }
}
