/// <reference lib="dom" />

/** How far beside the window something counts as visible. */
const MARGIN = "100px";

/** Draws something while it is in the window, and what was missed when it comes back, or is printed. */
export class Visible {
  readonly #draw: () => void;
  #inWindow = false;
  #missed = false;

  constructor(element: Element, draw: () => void) {
    this.#draw = draw;
    new IntersectionObserver(([entry]) => {
      this.#inWindow = entry?.isIntersecting ?? false;
      if (this.#inWindow && this.#missed) this.draw();
    }, { rootMargin: MARGIN }).observe(element);
    globalThis.addEventListener("beforeprint", () => this.#missed && this.#draw());
  }

  /** Draws it now, or once it is in the window. */
  draw(): void {
    this.#missed = !this.#inWindow;
    if (this.#inWindow) this.#draw();
  }
}

/** While something changes from frame to frame, what takes long waits so long, in milliseconds. */
const REST_MS = 120;

/** A function that is called once there was no call for a while. */
export function afterRest(fn: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(fn, REST_MS);
  };
}
