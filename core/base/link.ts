/** The place of an object in a circular doubly linked list; one that is alone is the head of an empty list. */
export class Link<Owner> {
  /** Whose place it is; null for the head of a list. */
  readonly owner: Owner | null;
  /** The place behind it; the head follows the last one. */
  next: Link<Owner> = this;
  /** The place before it; that of the head is the last one. */
  previous: Link<Owner> = this;

  constructor(owner: Owner | null = null) {
    this.owner = owner;
  }

  /** Whether it is in a list with others. */
  get isLinked(): boolean {
    return this.next !== this;
  }

  /** Joins a list before another place; before the head means at the end. It must be alone. */
  joinBefore(successor: Link<Owner>): void {
    this.next = successor;
    this.previous = successor.previous;
    this.previous.next = this;
    successor.previous = this;
  }

  /** Leaves its list. */
  leave(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this.previous = this;
  }
}
