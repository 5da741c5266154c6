import type { BlockBlame, Failure, Invariant, Verdict } from "../history/run-record.ts";
import type { CheckResult } from "./checker.ts";

/** Failures of one run that are told apart; more are counted with the first of their kind. */
const FAILURES_MAX = 64;

/** What the invariants found: how often each was evaluated and what it failed for. */
export class Findings {
  readonly #checks = new Map<Invariant, number>();
  readonly #failed = new Set<Invariant>();
  readonly #failures = new Map<string, { failure: Failure; times: number }>();
  readonly #nowNs: () => number;

  constructor(nowNs: () => number) {
    this.#nowNs = nowNs;
  }

  /** The rule was evaluated on something that could have broken it. */
  count(rule: Invariant, times = 1): void {
    this.#checks.set(rule, (this.#checks.get(rule) ?? 0) + times);
  }

  /**
   * The rule is broken. The first time at a place is told with its blame, later ones are counted:
   * one lost write would be found again at every event.
   *
   * @param place what failed: a pair, a volume
   */
  fail(rule: Invariant, place: string, message: string, blame: () => readonly BlockBlame[]): void {
    this.#failed.add(rule);
    const key = `${rule} ${place}`;
    const known = this.#failures.get(key);
    if (known !== undefined) known.times++;
    else if (this.#failures.size < FAILURES_MAX) {
      const failure = { rule, message: `${place}: ${message}`, timeNs: this.#nowNs(), blame: blame() };
      this.#failures.set(key, { failure, times: 1 });
    }
  }

  result(): CheckResult {
    const checks: Partial<Record<Invariant, number>> = {};
    const invariants: Partial<Record<Invariant, Verdict>> = {};
    for (const rule of ["C", "D", "A", "F", "V", "X", "G", "S", "L", "U"] as const) {
      const count = this.#checks.get(rule) ?? 0;
      checks[rule] = count;
      invariants[rule] = this.#failed.has(rule) ? "FAIL" : count > 0 ? "PASS" : "NOT_APPLICABLE";
    }
    const failures = [...this.#failures.values()].map(({ failure, times }) =>
      times === 1 ? failure : { ...failure, message: `${failure.message} (and ${times - 1} times more)` },
    );
    return { invariants, checks, failures };
  }
}
