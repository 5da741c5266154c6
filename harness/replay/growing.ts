interface Column<A> {
  [index: number]: number;
  readonly length: number;
  set(other: A): void;
  slice(start: number, end: number): A;
}

/** A column of numbers that grows as it is written. */
export class Growing<A extends Column<A>> {
  readonly #make: (length: number) => A;
  #column: A;
  #count = 0;

  /** @param make `(length) => new Float64Array(length)` */
  constructor(make: (length: number) => A) {
    this.#make = make;
    this.#column = make(1024);
  }

  get count(): number {
    return this.#count;
  }

  push(value: number): void {
    if (this.#count === this.#column.length) {
      const longer = this.#make(this.#count * 2);
      longer.set(this.#column);
      this.#column = longer;
    }
    this.#column[this.#count++] = value;
  }

  /** What was written, and no more. */
  toColumn(): A {
    return this.#column.slice(0, this.#count);
  }
}
