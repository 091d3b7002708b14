import { at } from "../at.ts";
import { CAME, NONE, type Run, WENT } from "../run.ts";
import { bufferName, sizeText, timeText, typeName } from "./names.ts";

/** Why a buffer came to where it stayed, as a sentence without an end. */
export function cameStory(run: Run, stay: number): string {
  const { stays } = run;
  const by = operationStory(run, at(stays.cameBy, stay));
  switch (CAME[at(stays.came, stay)]) {
    case "new":
      return `placed here for the first time${by}`;
    case "moved":
      return `moved here from ${typeName(run, at(stays.cameFrom, stay))}${by}`;
    case "evicted":
      return `evicted to here from ${typeName(run, at(stays.cameFrom, stay))}${by}`;
    default:
      return "here since before the record";
  }
}

/** Why a buffer left where it stayed, as a sentence without an end. */
export function wentStory(run: Run, stay: number): string {
  const { stays } = run;
  switch (WENT[at(stays.went, stay)]) {
    case "moved":
      return `moved to ${typeName(run, at(stays.wentTo, stay))}${operationStory(run, at(stays.wentBy, stay))}`;
    case "evicted":
      return evictionStory(run, at(stays.eviction, stay));
    case "freed":
      return "its place became free without a move";
    case "destroyed":
      return "destroyed";
    default:
      return "still here at the end";
  }
}

/** Why a buffer was evicted: who needed what, which candidate it was, and which came before it and were not taken. */
export function evictionStory(run: Run, eviction: number): string {
  const { evictions } = run;
  if (eviction === NONE) return "evicted";
  const forBuffer = at(evictions.forBuffer, eviction);
  const pages = at(evictions.pages, eviction);
  const place = at(evictions.place, eviction);
  const needed = pages === 0
    ? ""
    : `${sizeText(pages * run.pageSize)}${place === NONE ? "" : rangeStory(run, eviction)}`;
  const who = forBuffer === NONE ? "for no buffer" : `for ${bufferName(run, forBuffer)}`;
  const wants = needed === "" ? "" : forBuffer === NONE ? `, to make room for ${needed}` : `, which needed ${needed}`;
  return `evicted to ${typeName(run, at(evictions.to, eviction))} ${who}${wants}; it was candidate ${
    at(evictions.position, eviction) + 1
  } in the order of eviction${passedStory(run, eviction)}${operationStory(run, at(evictions.operation, eviction))}`;
}

function rangeStory(run: Run, eviction: number): string {
  const { evictions } = run;
  const [low, high] = [at(evictions.fpfn, eviction), at(evictions.lpfn, eviction)];
  const range = low === 0 && high === 0 ? "" : ` between pages ${low} and ${high === 0 ? "the end" : high}`;
  return ` in ${typeName(run, at(evictions.place, eviction))}${range}`;
}

function passedStory(run: Run, eviction: number): string {
  const { passedEnd, passed, reason } = run.evictions;
  const first = eviction === 0 ? 0 : at(passedEnd, eviction - 1);
  const over: string[] = [];
  for (let row = first; row < at(passedEnd, eviction); row++) {
    over.push(`${bufferName(run, at(passed, row))} (${run.texts[at(reason, row)]})`);
  }
  return over.length === 0 ? "" : `, after ${over.join(", ")}`;
}

function operationStory(run: Run, operation: number): string {
  const { operations } = run;
  if (operation === NONE) return "";
  const [buffer, submission] = [at(operations.buffer, operation), at(operations.submission, operation)];
  const name = run.texts[at(operations.name, operation)];
  const whose = buffer === NONE ? "" : ` of ${bufferName(run, buffer)}`;
  const within = submission === NONE ? "" : ` in submission ${submission}`;
  return `, by ${name}${whose}${within} (operation ${at(operations.id, operation)})`;
}

/** All that is known of a stay, in sentences. */
export function stayStory(run: Run, stay: number): string[] {
  const { stays, buffers } = run;
  const buffer = at(stays.buffer, stay);
  const [from, until] = [at(stays.from, stay), at(stays.until, stay)];
  return [
    `${sizeText(at(buffers.bytes, buffer))} in ${typeName(run, at(stays.type, stay))} from page ${
      at(stays.start, stay)
    }`,
    `Came at ${timeText(run, from)}: ${cameStory(run, stay)}.`,
    `Went at ${timeText(run, until)}, after ${timeText(run, until - from)}: ${wentStory(run, stay)}.`,
  ];
}
