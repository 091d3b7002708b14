/** Makes a disposable that calls `end` with the subject when it is first disposed of. */
export function once<Subject>(subject: Subject, end: (subject: Subject) => void): Disposable {
  return new Once(subject, end);
}

class Once<Subject> implements Disposable {
  #subject: Subject | null;
  #end: (subject: Subject) => void;

  constructor(subject: Subject, end: (subject: Subject) => void) {
    this.#subject = subject;
    this.#end = end;
  }

  [Symbol.dispose](): void {
    const subject = this.#subject;
    this.#subject = null;
    if (subject !== null) this.#end(subject);
  }
}
