/** An event of ftrace's text. */
export interface FtraceEvent {
  /** The thread that was running. */
  readonly pid: number;
  /** Microseconds since the machine's start, or another moment. */
  readonly us: number;
  /** Its name: `amdgpu_bo_create`. */
  readonly name: string;
  /** Its fields, as text: `bo=…, pages=…`. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Lines longer than this are none of ftrace, whose ring buffer has pages of 4096 bytes. */
const LONGEST = 16_384;

// Task, pid, the group's id if it is recorded, CPU, flags if they are shown, and the time.
const HEAD =
  /-(\d{1,9}) +(?:\( *(?:\d+|-+)\) +)?\[\d{1,4}\] +(?:[^\s\d:]\S{0,7} +)?(\d{1,10})\.(\d{6})(?:\d{3})?: +(\w+): *(.*)$/;
const FIELD = /(\w{1,40})=([^,\s]+)/g;

/** Lines that `trace`, `trace_pipe` and `trace-cmd report` write beside events. */
const NO_EVENT = /^\s*$|^#|^cpus=\d+\s*$|^version = \d+\s*$|^CPU \d+ is empty\s*$/;

/** Whether a line is one that ftrace's text may have without being an event. */
export function isNoEvent(text: string): boolean {
  return NO_EVENT.test(text);
}

/** Reads an event; undefined if the line is none. */
export function parseFtraceLine(text: string): FtraceEvent | undefined {
  const match = text.length > LONGEST ? null : HEAD.exec(text);
  if (match === null) return undefined;
  const [, pid, seconds, micros, name = "", rest = ""] = match;
  const fields = new Map<string, string>();
  if (name.startsWith("amdgpu_") || name === "dma_fence_signaled") {
    for (const [, key = "", value = ""] of rest.matchAll(FIELD)) fields.set(key, value);
  }
  return { pid: Number(pid), us: Number(seconds) * 1_000_000 + Number(micros), name, fields };
}
