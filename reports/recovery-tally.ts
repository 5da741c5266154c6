import { quantileSorted } from "d3-array";
import type { PageRun } from "../harness/history/page-input.ts";
import { RECOVERY_MEASURES, type RecoverySample } from "../harness/history/run-record.ts";
import type { Distribution } from "./page/page-data.ts";

/** Values of a distribution that a page draws one by one; of more, as many, evenly from the least to the most. */
const DRAWN_MAX = 120;

/** What faults cost, over all runs: by the kind of the fault, and by the folder of the scenario. */
export class RecoveryTally {
  readonly #values = new Map<string, { readonly head: DistributionHead; readonly values: number[] }>();

  add({ id, recovery }: PageRun): void {
    const family = id.split("/", 1)[0] ?? id;
    for (const sample of recovery?.samples ?? [])
      for (const { unit, value } of figuresOf(sample)) {
        this.#add({ measure: sample.measure, unit, by: "fault", name: sample.fault }, value);
        this.#add({ measure: sample.measure, unit, by: "family", name: family }, value);
      }
  }

  /** In the order of the measures; those with the most values first. */
  finish(): Distribution[] {
    const all = [...this.#values.values()].map(({ head, values }): Distribution => {
      const sorted = values.toSorted((one, other) => one - other);
      const at = (part: number): number => quantileSorted(sorted, part) ?? 0;
      const step = Math.max(1, (sorted.length - 1) / (DRAWN_MAX - 1));
      const drawn = Array.from({ length: Math.min(sorted.length, DRAWN_MAX) }, (_, index) =>
        round(sorted[Math.round(index * step)] ?? 0),
      );
      return { ...head, count: sorted.length, p50: round(at(0.5)), p95: round(at(0.95)), max: round(at(1)), drawn };
    });
    return all.toSorted(
      (one, other) =>
        RECOVERY_MEASURES.indexOf(one.measure) - RECOVERY_MEASURES.indexOf(other.measure) || other.count - one.count,
    );
  }

  #add(head: DistributionHead, value: number): void {
    const key = `${head.measure} ${head.unit} ${head.by} ${head.name}`;
    const known = this.#values.get(key) ?? { head, values: [] };
    known.values.push(value);
    this.#values.set(key, known);
  }
}

type DistributionHead = Pick<Distribution, "measure" | "unit" | "by" | "name">;

function figuresOf({ ms, bytes }: RecoverySample): Pick<Distribution & { value: number }, "unit" | "value">[] {
  const time = { unit: "ms" as const, value: ms };
  return bytes === undefined ? [time] : [time, { unit: "bytes" as const, value: bytes }];
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
