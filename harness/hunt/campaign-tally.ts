import type { Verdict } from "../history/run-record.ts";
import { mergeVerdicts } from "../history/verdict.ts";
import type { BlockResults } from "./blocks.ts";
import { GOALS } from "./goals.ts";
import { OutcomeHash } from "./outcome.ts";
import type { SeedResult } from "./seed-result.ts";

/** Failures of one fingerprint. */
export interface FailureGroup {
  readonly fingerprint: string;
  readonly count: number;
  /** The first of them. */
  readonly example: SeedResult;
}

/** How often faults of a kind were injected, and did something. */
export interface FaultTally {
  readonly kind: string;
  readonly injected: number;
  readonly effective: number;
}

/** Failed runs that are kept with all that is known of them; of more, only the number. */
const KEPT_MAX = 200;

/** What the results of a campaign come to, joined block by block, in order. */
export class CampaignTally {
  readonly #hash = new OutcomeHash();
  readonly #verdicts = new Map<Verdict, number>();
  readonly #groups = new Map<string, { count: number; readonly example: SeedResult }>();
  readonly #reached = new Map<string, number>();
  readonly #faults = new Map<string, { injected: number; effective: number }>();
  readonly #kept: SeedResult[] = [];
  #runs = 0;
  #derived = 0;
  #events = 0;

  add({ results }: BlockResults): void {
    for (const result of results) this.#addOne(result);
  }

  get runs(): number {
    return this.#runs;
  }

  /** Runs of plans derived from those of seeds; they are among `runs`. */
  get derived(): number {
    return this.#derived;
  }

  get failed(): number {
    return this.#runs - (this.#verdicts.get("PASS") ?? 0);
  }

  get events(): number {
    return this.#events;
  }

  /** Over everything that was joined. */
  get outcome(): string {
    return this.#hash.digest();
  }

  /** The worst of all. Nothing run, or no fault with any effect, is no pass. */
  get verdict(): Verdict {
    const isIdle = [...this.#faults.values()].every(({ effective }) => effective === 0);
    return mergeVerdicts(isIdle ? ["UNKNOWN", ...this.#verdicts.keys()] : this.#verdicts.keys());
  }

  /** Failed runs, in order, as many as are kept. */
  get kept(): readonly SeedResult[] {
    return this.#kept;
  }

  /** The most frequent first. */
  get groups(): readonly FailureGroup[] {
    const all = [...this.#groups].map(([fingerprint, group]) => ({ fingerprint, ...group }));
    return all.toSorted((a, b) => b.count - a.count || (a.fingerprint < b.fingerprint ? -1 : 1));
  }

  /** By name: how many runs reached it. */
  get reached(): ReadonlyMap<string, number> {
    return this.#reached;
  }

  /** By kind. */
  get faults(): readonly FaultTally[] {
    const all = [...this.#faults].map(([kind, tally]) => ({ kind, ...tally }));
    return all.toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
  }

  #addOne(result: SeedResult): void {
    const { variant, verdict, events, fingerprints, reached, faults } = result;
    this.#hash.add(result);
    this.#runs++;
    if (variant > 0) this.#derived++;
    this.#events += events;
    this.#verdicts.set(verdict, (this.#verdicts.get(verdict) ?? 0) + 1);
    for (const name of reached) this.#reached.set(name, (this.#reached.get(name) ?? 0) + 1);
    for (const { kind, injected, effective } of faults) {
      const before = this.#faults.get(kind) ?? { injected: 0, effective: 0 };
      this.#faults.set(kind, { injected: before.injected + injected, effective: before.effective + effective });
    }
    if (verdict !== "PASS" && this.#kept.length < KEPT_MAX) this.#kept.push(result);
    for (const fingerprint of fingerprints) {
      const group = this.#groups.get(fingerprint) ?? { count: 0, example: result };
      group.count++;
      this.#groups.set(fingerprint, group);
    }
  }
}

/** Goals that none of the runs reached. */
export function neverReached(reached: ReadonlySet<string> | ReadonlyMap<string, number>): string[] {
  return GOALS.map(({ id }) => id).filter((id) => !reached.has(`goal ${id}`));
}
