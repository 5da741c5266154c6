import type { EventLog } from "../history/event-log.ts";
import type { Plan } from "../plan/plan.ts";
import { runPlan } from "../run/run-plan.ts";
import type { Target } from "../target/target.ts";
import type { Pump } from "../world/sim/pump.ts";
import { Recorder } from "./recorder.ts";
import type { EventColumns, Recording } from "./recording.ts";

export interface RecordRunOptions {
  readonly id: string;
  readonly seed: number;
  readonly target: Target;
  readonly pump: Pump;
  /** Real milliseconds. */
  readonly wallNowMs: () => number;
}

/**
 * Runs a plan in the simulated world, and keeps all of it so that it can be looked at, at any event. Looking changes
 * nothing: the history's hash is that of every other run of the plan with this seed (rule 11).
 *
 * @param plan without recorded traces, files and outside judges: they are not to be had everywhere
 */
export async function recordRun(plan: Plan, options: RecordRunOptions): Promise<Recording> {
  const { id, seed, target, pump, wallNowMs } = options;
  const recorder = new Recorder(plan.topology);
  const run = { id, seed, target, wallNowMs, replay: "", repeat: false } as const;
  const { record, log } = await runPlan(plan, { ...run, observer: recorder, pump: recorder.pump(pump) });
  return {
    id,
    seed,
    historyHash: record.historyHash,
    verdict: record.verdict,
    virtualNs: record.virtualMs * 1e6,
    wallMs: record.wallMs,
    ...columnsOf(log),
    ...recorder.seen(),
    faults: record.faults,
    failures: record.failures,
  };
}

function columnsOf(log: EventLog): Pick<Recording, "kinds" | "actors" | "events"> {
  const kinds = new Map<string, { readonly index: number; readonly a: string; readonly b: string }>();
  const actors = new Map<string, number>();
  const { count } = log;
  const events: EventColumns = {
    count,
    timeNs: new Float64Array(count),
    kind: new Uint16Array(count),
    actor: new Uint16Array(count),
    a: new Float64Array(count),
    b: new Float64Array(count),
    content: new Uint32Array(count),
    cause: new Int32Array(count),
  };
  for (let index = 0; index < count; index++) {
    const event = log.get(index);
    // Beyond what a log retains there is the hash alone.
    if (event === undefined) return { kinds: kindsOf(kinds), actors: [...actors.keys()], events: cut(events, index) };
    const { kind, actor } = event;
    const known = kinds.get(kind.name) ?? { index: kinds.size, a: kind.a, b: kind.b };
    kinds.set(kind.name, known);
    const who = actors.get(actor) ?? actors.size;
    actors.set(actor, who);
    events.timeNs[index] = event.timeNs;
    events.kind[index] = known.index;
    events.actor[index] = who;
    events.a[index] = event.a;
    events.b[index] = event.b;
    events.content[index] = event.content;
    events.cause[index] = event.cause;
  }
  return { kinds: kindsOf(kinds), actors: [...actors.keys()], events };
}

function kindsOf(kinds: ReadonlyMap<string, { readonly a: string; readonly b: string }>): Recording["kinds"] {
  return [...kinds].map(([name, { a, b }]) => ({ name, a, b }));
}

function cut(events: EventColumns, count: number): EventColumns {
  return {
    count,
    timeNs: events.timeNs.slice(0, count),
    kind: events.kind.slice(0, count),
    actor: events.actor.slice(0, count),
    a: events.a.slice(0, count),
    b: events.b.slice(0, count),
    content: events.content.slice(0, count),
    cause: events.cause.slice(0, count),
  };
}
