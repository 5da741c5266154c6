import type { RunRecord } from "../history/run-record.ts";
import type { HuntDocument } from "./hunt-document.ts";

/**
 * A hunt as CI systems show it: one case for all of its runs together, and one for each distinct failure. Not one a seed: that would be
 * another list of cases every day, and too many of them.
 */
export function huntCases(document: HuntDocument): RunRecord[] {
  const { verdict, outcome, events, wallMs, groups, runs, seeds, faults, runCount, failedCount, corpus } = document;
  const back = corpus.unexpected.map((title) => ({
    rule: "expectation" as const,
    message: `a failure of the past is not as expected: ${title}`,
    timeNs: 0,
    blame: [],
  }));
  const all: RunRecord = {
    ...{ verdict, events, wallMs },
    scenario: "random plans",
    id: "hunt/all",
    requirements: ["HX-7"],
    world: "sim",
    seed: seeds.from,
    historyHash: outcome,
    virtualMs: 0,
    faults: faults.map((fault) => ({ ...fault, on: "any" })),
    invariants: {},
    checks: {},
    failures: [
      ...(failedCount === 0
        ? []
        : [
            {
              rule: "expectation" as const,
              message: `${failedCount} of ${runCount} runs failed`,
              timeNs: 0,
              blame: [],
            },
          ]),
      ...back,
    ],
    oracles: [],
    vacuous: false,
    replay: "",
  };
  const examples = groups.flatMap(({ fingerprint, seed }) => {
    const example = runs.find(({ id }) => id === `hunt/${seed}`);
    return example === undefined ? [] : [{ ...example, id: "hunt/failures", scenario: fingerprint, wallMs: 0 }];
  });
  return [all, ...examples];
}
