import type { BufferRecord } from "../state/buffer_record.ts";
import { releaseUnlessKept } from "./destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import { dropMaps } from "../memory/io_memory.ts";
import { mustReturn, ReturnToExporter } from "./return_to_exporter.ts";

/** Drops the last reference: the handle ends, and the memory is freed when nothing uses it any more. */
export function dropLastUser(state: DeviceState, buffer: BufferRecord): void {
  state.liveBuffers--;
  state.dyingBuffers++;
  dropMaps(state, buffer);
  if (buffer.mappings !== null) state.mmapOffsets.free(buffer.mappings.firstOffset);
  if (mustReturn(buffer)) new ReturnToExporter(state, buffer).attempt();
  else releaseUnlessKept(state, buffer);
  state.returns.retry();
}
