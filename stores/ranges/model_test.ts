import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BoDevice, type BufferView, memoryStore, PAGE_SIZE, type SwapStore } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { testWith } from "../../tests/permissions.ts";
import { fileSource } from "./file_source.ts";
import { safetensors } from "./mod.ts";
import { safetensorsOf } from "./testing_safetensors.ts";

const MiB = 2 ** 20;
const VRAM = 8 * MiB;
const HOST = 8 * MiB;
// Their bytes are a little less than 1 MiB each.
const LAYERS = 65;
const PASSES = 2;

/** The byte that layer `at` is filled with. */
const byteOf = (at: number) => at + 1;

async function withModel(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "ttm-test-"));
  try {
    const path = join(folder, "model.safetensors");
    const layers = Array.from({ length: LAYERS }, (_, at) => {
      // The last page of each is a part of one.
      const bytes = new Uint8Array(MiB - 4 * at).fill(byteOf(at));
      return { name: `layers.${at}`, dtype: "F32", shape: [bytes.length / 4], bytes };
    });
    await writeFile(path, safetensorsOf(layers));
    await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

testWith(
  ["read", "write", "env"],
  "a model of 64 MiB runs through 8 MiB of VRAM and 8 MiB of host memory",
  async () => {
    await withModel(async (path) => {
      const { store, tensors } = await safetensors(fileSource(path));
      const written: string[] = [];
      const inner = memoryStore();
      const swap: SwapStore = { ...inner, write: (key, bytes) => (written.push(key), inner.write(key, bytes)) };
      const driver = new RadeonSim({ vram: VRAM, gtt: HOST, contents: "bytes" });
      const alive = new Set<BufferView>();
      const highest = { vram: 0, host: 0 };
      const measure = () => {
        let host = 0;
        for (const { tt } of alive) if (tt?.populated === true) host += tt.pages * PAGE_SIZE;
        highest.host = Math.max(highest.host, host);
        highest.vram = Math.max(highest.vram, device.usage("vram").usedPages * PAGE_SIZE);
        assert(device.global.zone("host").usedBytes <= HOST);
      };
      let copiedOut = 0;
      const device = new BoDevice({
        driver,
        managers: { vram: firstFit(), gtt: firstFit() },
        store: swap,
        limits: { zones: [{ name: "host", bytes: HOST, maxBytes: HOST, swapBytes: HOST }] },
        tracer: {
          create: (buffer) => alive.add(buffer),
          ghost: (ghost) => alive.add(ghost),
          destroy: (buffer) => alive.delete(buffer),
          swapIn: measure,
          swapOut: measure,
          move({ buffer, from, failure, dropped }) {
            measure();
            if (from?.memoryType === "vram" && failure === null && !dropped) copiedOut += buffer.bytes;
          },
        },
      });
      const layers = tensors.map(({ name, bytes }) =>
        device.createBuffer({ bytes, label: name, stored: { key: name, store } })
      );
      const inVram = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
      let right = 0;
      for (let pass = 0; pass < PASSES; pass++) {
        for (const [at, layer] of layers.entries()) {
          using _reservation = await layer.reserve();
          await layer.validate(inVram);
          const program = ([seen]: readonly { readonly bytes: Uint8Array }[]) => {
            const own = seen?.bytes.subarray(0, layer.bytes);
            if (own?.every((byte) => byte === byteOf(at))) right++;
          };
          driver.submit({ buffers: [{ buffer: layer, write: false }], durationMs: 0, program });
          measure();
        }
      }
      await Promise.all(layers.map((layer) => layer.wait()));
      assertEquals([right, copiedOut, written], [PASSES * LAYERS, 0, []]);
      assertEquals([highest.vram, highest.host <= HOST], [VRAM, true], `${highest.host} bytes of host memory`);
      for (const layer of layers) layer.unref();
      await device.close();
      assertEquals(device.global.usedPages, 0);
    });
  },
);
