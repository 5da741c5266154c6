const REMEDY = "make the bundle again";

/** A document of a bundle that is not as documents of its kind are; whoever made the bundle has to make it again. */
export class MalformedError extends Error {
  /** Of the file, in the bundle. */
  readonly path: string;
  /** Inside the file: `line 3: faults[0].kind`; "" for all of it. */
  readonly place: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy = REMEDY;
  /** All of it, to stand after the name of the file. */
  readonly problem: string;

  constructor(path: string, place: string, found: string, expected: string) {
    const where = place === "" ? "" : ` at ${place}`;
    const problem = `is malformed${where}: found ${found}, expected ${expected}; ${REMEDY}`;
    super(`${path} ${problem}`);
    this.name = "MalformedError";
    this.path = path;
    this.place = place;
    this.found = found;
    this.expected = expected;
    this.problem = problem;
  }
}
