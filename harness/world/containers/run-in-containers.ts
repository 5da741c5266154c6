import { setTimeout as sleep } from "node:timers/promises";
import type { CheckResult } from "../../check/checker.ts";
import { SampledChecker } from "../../check/sampled-checker.ts";
import type { FileSystems } from "../../files/file-system.ts";
import type { RunRecord } from "../../history/run-record.ts";
import type { Plan } from "../../plan/plan.ts";
import { type PlanOutcome, PlanRun } from "../../run/plan-run.ts";
import { neededCapabilities } from "../../run/needed-capabilities.ts";
import { notApplicable, recordOf, type RunHead } from "../../run/record-of.ts";
import type { RunOracle } from "../../run/run-oracle.ts";
import { lackOf } from "../../target/capability.ts";
import type { OutsideTarget } from "../../target/outside-target.ts";
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
  /** Whose systems they are; the engine of this project without. */
  readonly target?: OutsideTarget;
  /** To be used, and left as it was; one of its own without. */
  readonly stage?: Stage;
  /** Until a run is given up; 180 s without. */
  readonly limitMs?: number;
  /** Aborted: the run is given up, healed, and UNKNOWN. */
  readonly interrupt?: AbortSignal;
  /** Measure how long it takes until all is well again; not without. */
  readonly recovery?: boolean;
  /** Tell what both ends of each mirror hold at the end; not without. */
  readonly contents?: boolean;
  /** With it the run ends at its first failure; called then, before anything is healed. */
  readonly onFailure?: (world: ContainerWorld, stage: Stage) => Promise<void>;
}

const LIMIT_MS = 180_000;
/** Between two looks at the disks. */
const LOOK_MS = 15;
/** Until what nodes keep themselves has come to rest, after the last step. */
const LAST_LOOK_MS_MAX = 10_000;

/**
 * Runs a plan on real containers and judges it, by samples. Whatever the engine does ends in the record; so does an end of
 * Toxiproxy, as an error of the harness.
 *
 * @throws ContainerError: the world could not be made
 */
export async function runInContainers(plan: Plan, options: ContainerRunOptions): Promise<RunRecord> {
  const { id, seed, replay, limitMs = LIMIT_MS } = options;
  const { target } = options;
  const head = {
    id,
    world: "containers",
    seed,
    replay,
    ...(target === undefined ? {} : { target: target.name }),
  } as const;
  const lack = target === undefined ? "" : lackOf(target, neededCapabilities(plan));
  const impossible = lack === "" ? impossibleIn(plan) : lack;
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
  head: RunHead,
  startMs: number,
): Promise<RunRecord> {
  const end = new Ending(limitMs, options.interrupt);
  const { toxiproxy } = stage;
  const prepared = await ContainerWorld.prepare(stage, plan.topology, options.seed, options.target).catch(
    async (error: unknown) => {
      throw await toxiproxy.reason(error);
    },
  );
  const run = new PlanRun<ContainerWorld, SampledChecker>(plan, {
    makeWorld: (listener) =>
      new ContainerWorld(prepared, {
        seed: options.seed,
        listener,
        onLook: async (take, ask) => {
          const sample = run.checker.begin();
          const isSeen = await take();
          if (isSeen) sample.looked();
          await ask();
          if (isSeen) sample.judge();
          else sample.abandon();
        },
        onFailure: (error) => end.fail(error),
      }),
    makeChecker: (config) => new SampledChecker(config),
    traces: options.traces ?? new Map(),
    oracles: options.oracles ?? new Map(),
    fileSystems: options.fileSystems,
    census: false,
    recovery: options.recovery === true,
    contents: options.contents === true,
    look: async () => {
      await run.world.settled();
      await run.world.look();
    },
    outside: (body) => body(),
    stop: () => end.finish("finished"),
  });
  const { world } = run;
  let check: CheckResult = { invariants: {}, checks: {}, failures: [] };
  const { onFailure } = options;
  const looking = keepLooking(world, end, () => {
    if (onFailure !== undefined && run.hasFailed) end.finish("failed");
  });
  let isTold = false;
  let isInterrupted = false;
  let isUnseen = false;
  const tell = async (): Promise<void> => {
    if (isTold || onFailure === undefined || !run.hasFailed) return;
    isTold = true;
    await onFailure(world, stage);
  };
  void toxiproxy.ended.then((error) => end.fail(error));
  try {
    run.main().then(
      () => end.finish("finished"),
      (error: unknown) => end.fail(error),
    );
    const how = await end.reached;
    const isLate = how === "late";
    if (isLate) run.stuck(`${limitMs} ms have passed`);
    isInterrupted = how === "interrupted";
    if (how !== "finished") run.giveUp();
    if (!isInterrupted) await tell();
    if (how === "failed" || isInterrupted) {
      await looking;
      check = run.checker.soFar();
    } else {
      await world.settled();
      await looking;
      isUnseen = !(await lookAtLast(world));
      if (isLate || isUnseen) run.checker.cutShort();
      check = run.checker.finish();
    }
    // Gone a moment ago, it may have made a failure of what is none.
    await toxiproxy.api.version();
  } catch (error) {
    run.broke(await toxiproxy.reason(error));
  }
  await looking;
  const virtualNs = world.nowNs();
  if (!isInterrupted) await tell().catch((error: unknown) => run.broke(error));
  // Whatever ended the run is told as well: it may be why the world cannot be healed.
  await world.close().catch((error: unknown) => run.broke(error));
  const outcome = isUnseen ? withUnseen(run.outcome(check)) : run.outcome(check);
  const wallMs = performance.now() - startMs;
  const record = await recordOf(plan, head, outcome, [], { historyHash: "", events: 0, virtualNs, wallMs });
  return (isInterrupted || isUnseen) && record.failures.length === 0 ? { ...record, verdict: "UNKNOWN" } : record;
}

/** A last look; what nodes keep themselves is seen only while they run, and at rest. @returns whether it was seen */
async function lookAtLast(world: ContainerWorld): Promise<boolean> {
  const untilMs = performance.now() + LAST_LOOK_MS_MAX;
  while (!(await world.look())) {
    const isDown = world.systems.some(({ state }) => state !== "running");
    if (isDown || performance.now() > untilMs) return false;
    await sleep(LOOK_MS);
  }
  return true;
}

function withUnseen(outcome: PlanOutcome): PlanOutcome {
  const why = "what the nodes kept at the end: one that does not run cannot be read, nor one that goes on writing";
  return { ...outcome, unjudged: [...outcome.unjudged, why] };
}

async function keepLooking(world: ContainerWorld, end: Ending, onLooked: () => void): Promise<void> {
  while (!end.isOver) {
    try {
      await world.look();
      onLooked();
    } catch (error) {
      end.fail(error);
    }
    await sleep(LOOK_MS);
  }
}

/** `failed`: it ends at its first failure. */
type End = "finished" | "failed" | "late" | "interrupted";

/** How a run comes to its end: by itself, by a failure of the harness, too late, or because nobody wants it any more. */
class Ending {
  isOver = false;
  readonly reached: Promise<End>;
  readonly #settle: { readonly resolve: (end: End) => void; readonly reject: (error: unknown) => void };
  readonly #timer: NodeJS.Timeout;
  readonly #interrupt: AbortSignal | undefined;
  readonly #onInterrupt = (): void => this.finish("interrupted");

  constructor(limitMs: number, interrupt: AbortSignal | undefined) {
    const { promise, resolve, reject } = Promise.withResolvers<End>();
    this.reached = promise;
    this.#settle = { resolve, reject };
    this.#timer = setTimeout(() => this.finish("late"), limitMs);
    this.#interrupt = interrupt;
    interrupt?.addEventListener("abort", this.#onInterrupt);
    if (interrupt?.aborted === true) this.finish("interrupted");
  }

  finish(end: End): void {
    this.#over();
    this.#settle.resolve(end);
  }

  fail(error: unknown): void {
    this.#over();
    this.#settle.reject(error);
  }

  #over(): void {
    this.isOver = true;
    clearTimeout(this.#timer);
    this.#interrupt?.removeEventListener("abort", this.#onInterrupt);
  }
}
