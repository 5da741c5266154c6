import { NS_PER_MS } from "../../engine/ports/index.ts";
import { type CheckResult, createChecker } from "../check/checker.ts";
import { SampledChecker } from "../check/sampled-checker.ts";
import { EventLog } from "../history/event-log.ts";
import type { FileSystems } from "../files/file-system.ts";
import type { Plan } from "../plan/plan.ts";
import type { Target } from "../target/target.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import { RunGuards } from "../world/sim/guards.ts";
import type { Pump } from "../world/sim/pump.ts";
import { Scheduler } from "../world/sim/scheduler.ts";
import { SimWorld } from "../world/sim/sim-world.ts";
import type { RunLimits } from "./limits.ts";
import { type PlanOutcome, PlanRun } from "./plan-run.ts";
import type { RunOracle } from "./run-oracle.ts";
import type { RunObserver } from "./run-observer.ts";

/** From a moment of virtual time on, every choice is made from other numbers. */
export interface Reseed {
  readonly atNs: number;
  /** The same gives the same run. */
  readonly salt: string;
}

export interface RunOnceOptions {
  readonly seed: number;
  readonly target: Target;
  readonly pump: Pump;
  readonly limits: RunLimits;
  /** Every trace that the plan names. */
  readonly traces: ReadonlyMap<string, LoadedTrace>;
  readonly oracles: ReadonlyMap<string, RunOracle>;
  /** For plans that deal with files. */
  readonly fileSystems: FileSystems | undefined;
  /** Disks assert that a program leaves the buffer of a write alone until it settles. */
  readonly checkBuffers: boolean;
  /** Count what a crash can fall upon. */
  readonly census: boolean;
  /** Measure what faults cost (docs/recovery.md); not without. */
  readonly recovery?: boolean;
  /** Tell what both ends of each mirror hold at the end; not without. */
  readonly contents?: boolean;
  /** Looks on; nobody does without. */
  readonly observer?: RunObserver;
  readonly reseed?: Reseed | undefined;
  /**
   * Judge by samples, as a world must that cannot look at everything at once: begun every `everyNs`, the disks
   * looked at `lagNs` later, and the systems asked as much later again. Shows that such judgement is fair.
   */
  readonly sampling?: { readonly everyNs: number; readonly lagNs: number };
}

/** What one execution of a plan gave; plain data, so that the world of the run can be forgotten. */
export interface Execution extends PlanOutcome {
  readonly log: EventLog;
  readonly virtualNs: number;
}

/** Executes a plan in a new simulated world. */
export async function runOnce(plan: Plan, options: RunOnceOptions): Promise<Execution> {
  const { seed, target, limits, checkBuffers, sampling } = options;
  let sampled: SampledChecker | undefined;
  /** It died just now, and nobody can ask it any more. */
  let dead = "";
  const log = new EventLog(limits.retainEvents);
  const scheduler = new Scheduler(log, {
    eventsMax: limits.eventsMax,
    timeNsMax: limits.virtualMsMax * NS_PER_MS,
  });
  const guards = new RunGuards((error) => scheduler.fail(error));
  const { topology } = plan;
  const run = new PlanRun<SimWorld>(plan, {
    ...options,
    makeWorld: (listener) =>
      new SimWorld({
        scheduler,
        seed,
        target,
        systems: topology.systems,
        links: topology.links.map(({ name, between: [dial, listen] }) => ({ name, dial, listen })),
        latencyNs: topology.latencyUs * 1000,
        checkBuffers,
        listener: {
          ...listener,
          systemDown: (system, kind) => {
            dead = system;
            sampled?.sample();
            dead = "";
            listener.systemDown(system, kind);
            // What a power loss took, before anything is written over it.
            if (sampled !== undefined) run.world.after(0, () => sampled?.sample());
          },
        },
      }),
    makeChecker: (config) => {
      if (sampling === undefined) return createChecker(config);
      sampled = new SampledChecker({
        ...config,
        live: (system) => (system === dead ? undefined : config.live(system)),
      });
      return sampled;
    },
    look: () => {
      sampled?.sample();
      return undefined;
    },
    outside: (body) => guards.outside(body),
    stop: () => scheduler.finish(),
  });
  if (sampled !== undefined && sampling !== undefined) takeSamples(run.world, sampled, sampling);
  const { reseed } = options;
  if (reseed !== undefined) run.world.after(reseed.atNs, () => run.world.reseed(reseed.salt));
  let check: CheckResult = { invariants: {}, checks: {}, failures: [] };
  try {
    await drive(run, scheduler, options.pump, guards);
    check = run.checker.finish();
  } catch (error) {
    run.broke(error);
  } finally {
    guards.release();
  }
  const execution = { ...run.outcome(check), log, virtualNs: scheduler.nowNs };
  run.world.release();
  return execution;
}

function takeSamples(
  world: SimWorld,
  checker: SampledChecker,
  { everyNs, lagNs }: { readonly everyNs: number; readonly lagNs: number },
): void {
  world.after(everyNs, () => {
    const sample = checker.begin();
    world.after(lagNs, () => {
      sample.looked();
      world.after(lagNs, () => {
        sample.judge();
        takeSamples(world, checker, { everyNs, lagNs });
      });
    });
  });
}

/** Runs the scheduler until the plan has ended, or cannot. */
async function drive(run: PlanRun<SimWorld>, scheduler: Scheduler, pump: Pump, guards: RunGuards): Promise<void> {
  run.world.after(0, () => {
    run.main().then(
      () => scheduler.finish(),
      (error: unknown) => scheduler.fail(error),
    );
  });
  const end = await scheduler.run(pump, guards);
  if (end === "finished") return;
  run.stuck(end === "idle" ? "nothing is left that could happen" : `the ${end} of the run was reached`);
}
