import type { Difference } from "./fuzz_difference.ts";
import type { Comparer } from "./fuzz_replay.ts";
import { generate, type TraceRequest } from "./recorder/generate.ts";
import type { Recorder } from "./recorder/kernel.ts";
import { NoAnswer } from "./recorder/line_process.ts";

/** The result of one seed. */
export interface Compared {
  readonly request: TraceRequest;
  /** The kernel's trace, up to where it ended. */
  readonly lines: readonly string[];
  /** The reason why it ended early, for example that the kernel would sleep for ever. */
  readonly unrecorded?: string;
  readonly difference?: Difference;
}

/** Makes a trace of each request and compares it. While one is compared, the kernel makes the next one. */
export async function* compareAll(
  recorder: Recorder,
  comparer: Comparer,
  requests: readonly TraceRequest[],
): AsyncGenerator<Compared> {
  const [first, ...rest] = requests.map((request) => () => record(recorder, request));
  let coming = first?.();
  try {
    while (coming !== undefined) {
      const trace = await coming;
      coming = rest.shift()?.();
      const difference = await comparer.compare(trace.lines);
      yield { ...trace, ...(difference && { difference }) };
    }
  } finally {
    // A recorder makes one trace at a time: the pending one must end before the recorder is used again.
    await coming;
  }
}

async function record(recorder: Recorder, request: TraceRequest): Promise<Compared> {
  const lines: string[] = [];
  try {
    for await (const line of generate(recorder, request)) lines.push(line);
    return { request, lines };
  } catch (error) {
    if (error instanceof NoAnswer) return { request, lines, unrecorded: error.message };
    throw error;
  }
}
