import { readdir } from "node:fs/promises";
import process from "node:process";
import { BoDevice, PAGE_SIZE, type TtmError } from "@ttm/core";
import { FileStore } from "./mod.ts";

const PAGES = 32;

/** Swaps a buffer out on a full disk, frees space with a command and tries again; returns both results. */
async function swapWithoutRoom(directory: string, makeRoom: readonly string[]): Promise<unknown> {
  const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
  await using store = new FileStore({ directory });
  await using device = new BoDevice({ driver, managers: {}, store });
  using buffer = device.createBuffer({ bytes: PAGES * PAGE_SIZE });
  const contents = Uint8Array.from({ length: buffer.bytes }, (_, at) => at % 251);
  {
    using _reservation = await buffer.reserve();
    await buffer.validate({ placement: [{ memoryType: "system" }] });
    await buffer.write(contents);
  }
  const swap = async () => {
    const pages = await device.swapOut();
    const { swapped } = buffer;
    const kept = [store.usedBytes, (await readdir(store.folder)).length];
    using _reservation = await buffer.reserve();
    const found = await buffer.read();
    return { pages, swapped, kept, intact: found.every((byte, at) => byte === contents[at]) };
  };
  const refusal = await store.write("a", contents).then(() => null, (error: TtmError) => error);
  const cause = refusal?.cause as NodeJS.ErrnoException | undefined;
  const full = await swap();
  const [program = "", ...args] = makeRoom;
  const { success } = await new Deno.Command(program, { args, stdout: "null" }).output();
  return { code: refusal?.code, cause: cause?.code, full, success, roomy: await swap() };
}

const [directory = "", ...makeRoom] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await swapWithoutRoom(directory, makeRoom)));
