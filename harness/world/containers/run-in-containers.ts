import type { CheckResult } from "../../check/checker.ts";
import { SampledChecker } from "../../check/sampled-checker.ts";
import type { FileSystems } from "../../files/file-system.ts";
import type { RunRecord } from "../../history/run-record.ts";
import type { Plan } from "../../plan/plan.ts";
import { PlanRun } from "../../run/plan-run.ts";
import { notApplicable, recordOf } from "../../run/record-of.ts";
import type { RunOracle } from "../../run/run-oracle.ts";
import type { LoadedTrace } from "../../trace/trace-source.ts";
import { ContainerWorld } from "./container-world.ts";
import { impossibleIn } from "./impossible.ts";
import { Stage } from "./stage.ts";

export interface ContainerRunOptions {
  readonly id: string;
  readonly seed: number;
  readonly replay: string;
  readonly traces?: ReadonlyMap<string, LoadedTrace>;
  readonly oracles?: ReadonlyMap<string, RunOracle>;
  readonly fileSystems?: FileSystems;
  /** To be used, and left as it was; one of its own without. */
  readonly stage?: Stage;
  /** Until a run is given up; 180 s without. */
  readonly limitMs?: number;
}

const LIMIT_MS = 180_000;
/** Between two looks at the disks. */
const LOOK_MS = 15;

/**
 * Runs a plan on real containers and judges it, by samples. Whatever the engine does ends in the record; so does an end of
 * Toxiproxy, as an error of the harness.
 *
 * @throws ContainerError: the world could not be made
 */
export async function runInContainers(plan: Plan, options: ContainerRunOptions): Promise<RunRecord> {
  const { id, seed, replay, limitMs = LIMIT_MS } = options;
  const head = { id, world: "containers", seed, replay } as const;
  const impossible = impossibleIn(plan);
  if (impossible !== "") return notApplicable(plan, head, impossible);
  const startMs = performance.now();
  const stage = options.stage ?? (await Stage.create());
  try {
    return await runOn(stage, plan, options, limitMs, head, startMs);
  } finally {
    if (options.stage === undefined) await stage.close();
  }
}

async function runOn(
  stage: Stage,
  plan: Plan,
  options: ContainerRunOptions,
  limitMs: number,
  head: { readonly id: string; readonly world: "containers"; readonly seed: number; readonly replay: string },
  startMs: number,
): Promise<RunRecord> {
  const end = new Ending(limitMs);
  const { toxiproxy } = stage;
  const prepared = await ContainerWorld.prepare(stage, plan.topology, options.seed).catch(async (error: unknown) => {
    throw await toxiproxy.reason(error);
  });
  const run = new PlanRun<ContainerWorld, SampledChecker>(plan, {
    makeWorld: (listener) =>
      new ContainerWorld(prepared, {
        seed: options.seed,
        listener,
        onLook: async (take, ask) => {
          const sample = run.checker.begin();
          await take();
          sample.looked();
          await ask();
          sample.judge();
        },
        onFailure: (error) => end.fail(error),
      }),
    makeChecker: (config) => new SampledChecker(config),
    traces: options.traces ?? new Map(),
    oracles: options.oracles ?? new Map(),
    fileSystems: options.fileSystems,
    census: false,
    look: async () => {
      await run.world.settled();
      await run.world.look();
    },
    outside: (body) => body(),
    stop: () => end.finish(),
  });
  const { world } = run;
  let check: CheckResult = { invariants: {}, checks: {}, failures: [] };
  const looking = keepLooking(world, end);
  void toxiproxy.ended.then((error) => end.fail(error));
  try {
    run.main().then(
      () => end.finish(),
      (error: unknown) => end.fail(error),
    );
    const isLate = (await end.reached) === "late";
    if (isLate) run.stuck(`${limitMs} ms have passed`);
    await world.settled();
    await looking;
    await world.look();
    if (isLate) run.checker.cutShort();
    check = run.checker.finish();
    // Gone a moment ago, it may have made a failure of what is none.
    await toxiproxy.api.version();
  } catch (error) {
    run.broke(await toxiproxy.reason(error));
  }
  await looking;
  const virtualNs = world.nowNs();
  // Whatever ended the run is told as well: it may be why the world cannot be healed.
  await world.close().catch((error: unknown) => run.broke(error));
  const outcome = run.outcome(check);
  const wallMs = performance.now() - startMs;
  return recordOf(plan, head, outcome, [], { historyHash: "", events: 0, virtualNs, wallMs });
}

async function keepLooking(world: ContainerWorld, end: Ending): Promise<void> {
  while (!end.isOver) {
    try {
      await world.look();
    } catch (error) {
      end.fail(error);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** How a run comes to its end: by itself, by a failure of the harness, or too late. */
class Ending {
  isOver = false;
  readonly reached: Promise<"finished" | "late">;
  #settle: { resolve: (end: "finished" | "late") => void; reject: (error: unknown) => void };
  readonly #timer: NodeJS.Timeout;

  constructor(limitMs: number) {
    const { promise, resolve, reject } = Promise.withResolvers<"finished" | "late">();
    this.reached = promise;
    this.#settle = { resolve, reject };
    this.#timer = setTimeout(() => this.#end(() => this.#settle.resolve("late")), limitMs);
  }

  finish(): void {
    this.#end(() => this.#settle.resolve("finished"));
  }

  fail(error: unknown): void {
    this.#end(() => this.#settle.reject(error));
  }

  #end(settle: () => void): void {
    this.isOver = true;
    clearTimeout(this.#timer);
    settle();
  }
}
