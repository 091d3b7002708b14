/** Something to dispose of, which does its work the first time only. */
export function once(dispose: () => void): Disposable {
  return new Once(dispose);
}

class Once implements Disposable {
  #dispose: (() => void) | null;

  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }

  [Symbol.dispose](): void {
    const dispose = this.#dispose;
    this.#dispose = null;
    dispose?.();
  }
}
