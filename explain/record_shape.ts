import { REASONS, WAITED_FOR } from "./packed_events.ts";
import type { RecordEvent } from "./record.ts";

/** What a value must be: null if it is, else what it must be, for a message. */
export type Shape = (value: unknown) => string | null;

/** The shapes of the members of an object; those with a `?` may be left out. */
type Members = Readonly<Record<string, Shape>>;

const is = (what: string, test: (value: unknown) => boolean): Shape => (value) => test(value) ? null : what;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text: Shape = is("a string", (value) => typeof value === "string");
const flag: Shape = is("true or false", (value) => typeof value === "boolean");
const time: Shape = is("a number of milliseconds", (value) => Number.isFinite(value));
const whole = (least: number): Shape =>
  is(`a whole number from ${least}`, (value) => Number.isSafeInteger(value) && (value as number) >= least);
const oneOf = (words: readonly unknown[]): Shape =>
  is(words.map((word) => JSON.stringify(word)).join(", "), (value) => words.includes(value));
const priority: Shape = oneOf([0, 1, 2, 3]);
const orNull = (shape: Shape): Shape => (value) => {
  const wrong = value === null ? null : shape(value);
  return wrong === null ? null : `${wrong}, or null`;
};

function object(members: Members): Shape {
  return (value) => {
    if (!isObject(value)) return "an object";
    for (const [name, shape] of Object.entries(members)) {
      const member = name.replace("?", "");
      if (member !== name && !Object.hasOwn(value, member)) continue;
      const wrong = shape(Object.hasOwn(value, member) ? value[member] : undefined);
      if (wrong !== null) return `an object whose ${member} is ${wrong}`;
    }
    return null;
  };
}

function list(shape: Shape, most = Infinity): Shape {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return most === Infinity ? "a list" : `a list of at most ${most}`;
    for (const element of value) {
      const wrong = shape(element);
      if (wrong !== null) return `a list, each element ${wrong}`;
    }
    return null;
  };
}

const place = object({ memoryType: text, start: whole(0) });
const eviction = object({
  forBuffer: orNull(whole(0)),
  pages: whole(0),
  place: orNull(object({ memoryType: text, fpfn: whole(0), lpfn: whole(0) })),
  position: whole(0),
  passedOver: list(object({ buffer: whole(0), reason: oneOf(REASONS) }), 16),
});

/** The header of a record. */
export const HEADER: Shape = object({
  format: oneOf(["ttm-record"]),
  version: oneOf([1]),
  run: text,
  pageSize: whole(1),
  driver: text,
  policy: text,
  memoryTypes: list(object({ name: text, pages: orNull(whole(0)), manager: orNull(text) })),
  lost: whole(0),
});

const ofBuffer: Members = { time, buffer: whole(0) };
const swap: Members = { ...ofBuffer, "operation?": whole(0) };

/** The members of each kind of event. */
export const EVENTS: Readonly<Record<RecordEvent["kind"], Shape>> = {
  create: object({
    ...ofBuffer,
    label: text,
    tag: text,
    client: text,
    size: whole(0),
    pages: whole(0),
    "priority?": priority,
  }),
  operation: object({ time, operation: whole(0), name: text, buffer: orNull(whole(0)), submission: orNull(whole(0)) }),
  move: object({
    ...ofBuffer,
    from: orNull(place),
    to: place,
    dropped: flag,
    failure: orNull(text),
    end: orNull(time),
    operation: whole(0),
    eviction: orNull(eviction),
  }),
  failure: object({ time, operation: whole(0), buffer: orNull(whole(0)), code: text, message: text }),
  wait: object({
    time,
    operation: whole(0),
    what: oneOf(WAITED_FOR),
    buffer: orNull(whole(0)),
    end: orNull(time),
  }),
  priority: object({ ...ofBuffer, from: priority, to: priority }),
  use: object(ofBuffer),
  pin: object(ofBuffer),
  unpin: object(ofBuffer),
  purge: object(swap),
  "swap-out": object(swap),
  "swap-in": object(swap),
  free: object({ ...ofBuffer, "place?": place }),
  destroy: object(ofBuffer),
};
