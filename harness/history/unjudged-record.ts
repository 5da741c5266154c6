import type { Failure, RunRecord, Verdict } from "./run-record.ts";

/** Which run a record is of. */
export type RecordHead = Pick<RunRecord, "scenario" | "id" | "requirements" | "world" | "target" | "seed" | "replay">;

/** The record of a run that was not made, or did not come to its end: it says why, and that nothing was judged. */
export function unjudgedRecord(
  head: RecordHead,
  verdict: Verdict,
  { rule, message }: Pick<Failure, "rule" | "message">,
  wallMs = 0,
): RunRecord {
  const { scenario, id, requirements, world, target, seed, replay } = head;
  return {
    scenario,
    id,
    requirements,
    world,
    ...(target === undefined ? {} : { target }),
    seed,
    verdict,
    historyHash: "",
    events: 0,
    virtualMs: 0,
    wallMs,
    faults: [],
    invariants: {},
    checks: {},
    failures: [{ rule, message, timeNs: 0, blame: [] }],
    oracles: [],
    vacuous: false,
    replay,
  };
}
