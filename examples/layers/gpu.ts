/** Where a GPU comes from: the runtime's own WebGPU, or Dawn, that of Chromium, from npm's `webgpu`. */
export type Source = "built-in" | "dawn";

/** The part of npm's `webgpu` that is used here. */
interface Dawn {
  readonly globals: object;
  create(options: readonly string[]): GPU;
}

/** A GPU cannot be had; the message says what helps. */
export class NoGpu extends Error {}

// A bare name that is computed: nobody who has a GPU of the runtime's fetches the package.
const PACKAGE = "webgpu" as string;
/** Dawn ends the process when the collector takes this object while a device lives. */
let dawn: GPU | undefined;

/** Whether the runtime has a WebGPU of its own. */
export function isBuiltIn(): boolean {
  return globalThis.navigator?.gpu !== undefined;
}

/** Makes a device, with the name of its adapter. */
export async function openGpu(source: Source): Promise<{ readonly gpu: GPUDevice; readonly name: string }> {
  const api = source === "dawn" ? dawn ??= await loadDawn() : globalThis.navigator?.gpu;
  const adapter = await api?.requestAdapter() ?? null;
  if (adapter === null) throw new NoGpu(source === "dawn" ? NO_DAWN_ADAPTER : NO_ADAPTER);
  const { description, vendor, architecture } = adapter.info;
  return { gpu: await adapter.requestDevice(), name: description || `${vendor} ${architecture}` };
}

async function loadDawn(): Promise<GPU> {
  try {
    const { create, globals }: Dawn = await import(PACKAGE);
    Object.assign(globalThis, globals);
    return create([]);
  } catch (cause) {
    throw new NoGpu(`npm's webgpu cannot be loaded: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

const NO_ADAPTER = `this machine has no adapter for WebGPU.
It needs a driver of Vulkan, Metal, Direct3D 12 or OpenGL. One in software will do; on Debian and Ubuntu:
  apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri
Dawn from npm may find another: --gpu dawn`;

const NO_DAWN_ADAPTER = `Dawn finds no adapter here.
It needs a driver of Vulkan, Metal or Direct3D 12. Chromium brings one in software; on Debian and Ubuntu, before the
command: VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json LD_LIBRARY_PATH=/usr/lib/chromium`;
