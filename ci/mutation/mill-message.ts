/** What the program that runs the tests is asked. */
export type MillRequest =
  /** Load the tests. @param active a mutant that is there from the start; "" for none */
  | { readonly kind: "load"; readonly files: readonly string[]; readonly active: string }
  /** Run every test once, and tell what each reaches. */
  | { readonly kind: "cover" }
  /** Run tests in this order until one fails. */
  | { readonly kind: "run"; readonly id: string; readonly tests: readonly number[] };

/** What it answers. `testing` before each test: how long a test may take is counted from there. */
export type MillAnswer =
  | { readonly kind: "loaded"; readonly tests: readonly TestName[]; readonly reached: readonly string[] }
  | { readonly kind: "testing"; readonly test: number }
  | {
      readonly kind: "covered";
      readonly test: number;
      readonly ms: number;
      readonly reached: readonly string[];
      readonly failure: string;
    }
  | { readonly kind: "all-covered" }
  | { readonly kind: "done"; readonly killer: number | undefined; readonly failure: string }
  | { readonly kind: "not-loaded"; readonly failure: string };

export interface TestName {
  readonly file: string;
  readonly name: string;
}
