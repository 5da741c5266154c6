import { type ConformanceTest, expectSame } from "./conformance.ts";
import type { Log, StepFields } from "./log.ts";

/** A log and what it kept. */
export interface LogUnderTest {
  readonly log: Log;
  /** The steps kept so far, oldest first. */
  steps(): readonly { readonly name: string; readonly fields: StepFields }[];
  /** Makes whoever listens fail from now on; leave it out where nobody can listen. */
  breakListener?(): void;
}

export interface LogConformanceOptions {
  readonly test: ConformanceTest;
  open(): LogUnderTest;
}

/** What every {@link Log} does: keeps steps in order, copies their fields, never throws. */
export function logConformance({ test, open }: LogConformanceOptions): void {
  test("log: steps are kept in order with their fields", () => {
    const { log, steps } = open();
    log.step("pair.split", { volume: "pvol", tracksPending: 3, forced: false });
    log.step("resync.begin", {});
    log.step("pair.split", { volume: "svol", tracksPending: 0, forced: true });
    expectSame(
      steps().map(({ name, fields }) => [name, fields]),
      [
        ["pair.split", { volume: "pvol", tracksPending: 3, forced: false }],
        ["resync.begin", {}],
        ["pair.split", { volume: "svol", tracksPending: 0, forced: true }],
      ],
      "steps",
    );
  });

  test("log: a change of the caller's object after the call changes nothing kept", () => {
    const { log, steps } = open();
    const fields = { tracksPending: 1 };
    log.step("resync.progress", fields);
    fields.tracksPending = 2;
    expectSame(steps()[0]?.fields, { tracksPending: 1 }, "fields kept");
  });

  test("log: odd names and values do not throw", () => {
    const { log, steps } = open();
    log.step("", { "": "", "key with spaces": Number.NaN, inf: Number.POSITIVE_INFINITY, text: "\u0000\ud800" });
    expectSame(steps().length, 1, "steps kept");
  });

  test("log: a listener that fails is not the caller's concern", () => {
    const { log, breakListener } = open();
    if (breakListener === undefined) return;
    breakListener();
    log.step("resync.begin", {});
  });
}
