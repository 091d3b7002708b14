import { AllocationLog } from "./allocation_log.ts";
import type { Pieces } from "./bytes.ts";
import { readLines } from "./lines.ts";
import { type Fail, MOST_BYTES, show, titleOf } from "./values.ts";
import { type Workload, WorkloadError } from "./workload.ts";

/** The first line of a log. */
export const RMM_HEADER = "Thread,Time,Action,Pointer,Size,Stream";

const COLUMNS = RMM_HEADER.split(",").length;
const DAY_US = 86_400_000_000;
const POINTER = /^(0x[0-9a-f]{1,16}|\(nil\)|0)$/i;
const STREAM = /^(0x[0-9a-f]{1,16}|\(nil\)|\d{1,20})$/i;

/**
 * Reads a log of RMM's logging resource adaptor. Times are those of a day; one that goes back by more than half a day
 * is of the next day. Failed allocations and those of 0 bytes make no buffer.
 *
 * @throws {WorkloadError} At the first line that is none of a log.
 */
export async function readRmmLog(file: string, pieces: Pieces): Promise<Workload> {
  const log = new AllocationLog();
  let at = 1;
  let [days, latest] = [0, 0];
  const fail: Fail = (why) => new WorkloadError(file, { line: at }, `Cannot read the RMM log: ${why}`);
  for await (const line of readLines(file, pieces)) {
    at = line.at;
    if (!line.ended) throw fail("its last line is cut short");
    const text = line.text.replace(/\r$/, "");
    if (at === 1) {
      if (text !== RMM_HEADER) throw fail(`its first line must be ${RMM_HEADER}, but is ${show(text)}`);
      continue;
    }
    const columns = text.split(",", COLUMNS + 1);
    if (columns.length !== COLUMNS) throw fail(`a line must have ${COLUMNS} columns, but this is ${show(text)}`);
    const [thread, time, action, pointer, size, stream] = columns as [string, string, string, string, string, string];
    if (thread === "") throw fail("the thread is missing");
    const ofDay = microsecondsOfDay(time, fail);
    if (latest - ofDay > DAY_US / 2) days++;
    latest = ofDay;
    if (!POINTER.test(pointer)) throw fail(`the pointer is ${show(pointer)}`);
    if (!STREAM.test(stream)) throw fail(`the stream is ${show(stream)}`);
    const bytes = /^\d{1,20}$/.test(size) ? Number(size) : NaN;
    if (!(bytes <= MOST_BYTES) && action !== "allocate failure") throw fail(`the size is ${show(size)}`);
    const t = days * DAY_US + ofDay;
    if (action === "allocate failure" || bytes === 0) continue;
    if (action === "allocate") log.alloc(t, pointer.toLowerCase(), bytes);
    else if (action === "free") log.free(t, pointer.toLowerCase(), bytes);
    else throw fail(`the action must be allocate, free or allocate failure, but is ${show(action)}`);
  }
  return log.workload(titleOf(file), "us");
}

function microsecondsOfDay(time: string, fail: Fail): number {
  const match = /^(\d{2}):(\d{2}):(\d{2})[.:](\d{6})$/.exec(time);
  if (match === null) throw fail(`the time must be HH:MM:SS.ffffff, but is ${show(time)}`);
  const [hours, minutes, seconds, micros] = match.slice(1).map(Number) as [number, number, number, number];
  if (hours > 23 || minutes > 59 || seconds > 60) throw fail(`the time is ${show(time)}`);
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros;
}
