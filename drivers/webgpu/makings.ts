import { TtmError } from "@ttm/core";
import type { DeviceLife } from "./device_life.ts";
import type { GpuBuffer, GpuDevice } from "./gpu_types.ts";

/** Why a device did not create a buffer. */
export interface Refusal {
  /** Whether it lacks memory, for which another size or a later time may do. */
  readonly isOutOfMemory: boolean;
  readonly error: TtmError;
}

/** A buffer that a device has been asked for, and its answer: null if it has the buffer. */
export interface Making {
  readonly buffer: GpuBuffer;
  /** Null if the buffer is known to exist. */
  readonly answer: Promise<Refusal | null> | null;
}

/** Creates buffers. Only the error scopes tell whether the device has the memory. */
export type Maker = (size: number, usage: number) => Making;

/** The maker of a device. A lost device refuses. */
export function makerOf<Device extends GpuDevice>(life: DeviceLife<Device>): Maker {
  return (size, usage) => {
    const { device } = life;
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const buffer = device.createBuffer({ size, usage, label: "ttm" });
    const scopes = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    return { buffer, answer: life.until(scopes).then(([invalid, full]) => refusal(size, invalid, full), lostBefore) };
  };
}

type Scope = { readonly message: string } | null;

function refusal(size: number, invalid: Scope, full: Scope): Refusal | null {
  if (invalid !== null) return { isOutOfMemory: false, error: refused("EINVAL", size, invalid) };
  return full === null ? null : { isOutOfMemory: true, error: refused("ENOMEM", size, full) };
}

function refused(code: "EINVAL" | "ENOMEM", size: number, { message }: { readonly message: string }): TtmError {
  return new TtmError(code, `the device created no buffer of ${size} bytes: ${message}`);
}

function lostBefore(error: unknown): Refusal {
  return { isOutOfMemory: false, error: error as TtmError };
}
