/** A document of a bundle that is not as documents of its kind are; whoever made the bundle has to make it again. */
export class MalformedError extends Error {
  /** Of the file, in the bundle. */
  readonly path: string;
  /** Inside the file: `line 3: faults[0].kind`; "" for all of it. */
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy = "make the bundle again";

  constructor(path: string, place: string, found: string, expected: string) {
    super(`${path} ${problemOf(place, found, expected)}; make the bundle again`);
    this.name = "MalformedError";
    this.path = path;
    this.place = place;
    this.found = found;
    this.expected = expected;
  }

  /** What is wrong, to stand after the name of the file. */
  get problem(): string {
    return `${problemOf(this.place, this.found, this.expected)}; ${this.remedy}`;
  }
}

function problemOf(place: string, found: string, expected: string): string {
  return `is malformed${place === "" ? "" : ` at ${place}`}: found ${found}, expected ${expected}`;
}
