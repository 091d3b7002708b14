/** Something to dispose of, which does its work the first time only. */
export function once(dispose: () => void): Disposable {
  let done = false;
  return {
    [Symbol.dispose]: () => {
      if (!done) dispose();
      done = true;
    },
  };
}
