import { join, type Pieces } from "./bytes.ts";
import { PickleMachine } from "./pickle_machine.ts";
import type { PickleValue } from "./pickle_values.ts";

/**
 * Reads the data of a pickle piece by piece; of the contents only what the next opcode needs is kept.
 *
 * @param file The file's name in error messages.
 * @param wanted The keys of dicts that are kept, whatever dict they are of.
 * @throws {WorkloadError} For an opcode that runs or names code, that is unknown or makes no sense, for contents that end
 * before the pickle, and for contents after it: at the opcode's offset.
 */
export async function readPickle(file: string, pieces: Pieces, wanted: ReadonlySet<string>): Promise<PickleValue> {
  const machine = new PickleMachine(file, wanted);
  let kept: Uint8Array[] = [];
  let [length, needed] = [0, 1];
  for await (const piece of pieces) {
    kept.push(piece);
    length += piece.length;
    if (length < needed) continue;
    if (machine.done) throw machine.fail("there is more after its end");
    const bytes = join(kept);
    const ran = machine.run(bytes);
    if (machine.done && ran.taken < bytes.length) throw machine.fail("there is more after its end");
    needed = ran.needed;
    length -= ran.taken;
    kept = length === 0 ? [] : [bytes.subarray(ran.taken)];
  }
  if (!machine.done) throw machine.fail("it is cut short");
  return machine.result;
}
