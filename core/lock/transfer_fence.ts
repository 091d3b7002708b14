import { Fence, FenceContext } from "./fence.ts";

/** The end of a transfer of the core, which nobody else knows: `signal` by others, as a tracer may call it, does nothing. */
export class TransferFence extends Fence {
  constructor(name: string) {
    super(new FenceContext(name), 1);
  }

  override signal(): void {}

  /** @internal Signals it. */
  end(error?: unknown): void {
    super.signal(error);
  }
}
