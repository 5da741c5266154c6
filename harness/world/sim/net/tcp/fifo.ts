const SLOTS_MIN = 4;

/**
 * A queue in a ring that only grows: passing one item after another through it, the common case,
 * allocates nothing.
 */
export class Fifo<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(SLOTS_MIN).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    const slots = this.#slots;
    slots[(this.#head + this.#length) & (slots.length - 1)] = item;
    this.#length++;
  }

  /** The oldest first. */
  *[Symbol.iterator](): Generator<T> {
    for (let index = 0; index < this.#length; index++)
      yield this.#slots[(this.#head + index) & (this.#slots.length - 1)] as T;
  }

  /** The oldest, left in place. */
  first(): T | undefined {
    return this.#slots[this.#head];
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const slots = this.#slots;
    const head = this.#head;
    const item = slots[head];
    slots[head] = undefined;
    this.#head = (head + 1) & (slots.length - 1);
    this.#length--;
    return item;
  }

  /** Takes the newest back. */
  pop(): T | undefined {
    if (this.#length === 0) return undefined;
    this.#length--;
    const slots = this.#slots;
    const at = (this.#head + this.#length) & (slots.length - 1);
    const item = slots[at];
    slots[at] = undefined;
    return item;
  }

  clear(): void {
    this.#slots = new Array<T | undefined>(SLOTS_MIN).fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  /** Twice the slots, always a power of two; the oldest moves to the front. */
  #grow(): void {
    const slots = this.#slots;
    const grown = new Array<T | undefined>(2 * slots.length).fill(undefined);
    for (let index = 0; index < this.#length; index++) grown[index] = slots[(this.#head + index) & (slots.length - 1)];
    this.#slots = grown;
    this.#head = 0;
  }
}
