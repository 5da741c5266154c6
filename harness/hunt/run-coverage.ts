import type { AnyFault } from "../fault/index.ts";
import type { RunObserver } from "../run/run-observer.ts";
import type { RunWorld } from "../world/run-world.ts";
import { type Goal, GOALS } from "./goals.ts";

/** Steps after which the status of a pair may be another one. */
const CHANGES_STATUS = /^(?:pair|local|resync|session|restore|cmt)\./;
/** Moments kept for fingerprints; of more, the first are forgotten. */
const MOMENTS_MAX = 20_000;
const KEPT_MOMENTS = 10_000;

interface Moment {
  readonly timeNs: number;
  readonly name: string;
}

/**
 * What one run reached, by names that mean the same in every run: `step resync.begin`, `status primary COPY > SPLIT`,
 * `fault cut in primary COPY`, `goal …`.
 */
export class RunCoverage implements RunObserver {
  readonly #reached = new Set<string>();
  readonly #goals: readonly GoalWatch[] = GOALS.map((goal) => new GoalWatch(goal));
  /** By system, pair and role: the latest status. */
  readonly #statuses = new Map<string, string>();
  readonly #steps: Moment[] = [];
  readonly #faults: Moment[] = [];
  #world: RunWorld | undefined;

  /** Sorted. */
  get reached(): readonly string[] {
    return [...this.#reached].toSorted();
  }

  begin(world: RunWorld): void {
    this.#world = world;
  }

  step(system: string, name: string): void {
    this.#reached.add(`step ${name}`);
    if (this.#world === undefined) return;
    note(this.#steps, { timeNs: this.#world.nowNs(), name });
    for (const goal of this.#goals) if (goal.step(system, name)) this.#reached.add(`goal ${goal.id}`);
    if (CHANGES_STATUS.test(name)) this.#lookAt(system);
  }

  struck(fault: AnyFault): void {
    if (this.#world === undefined) return;
    note(this.#faults, { timeNs: this.#world.nowNs(), name: fault.kind });
    const system = "system" in fault ? fault.system : undefined;
    for (const goal of this.#goals) if (goal.struck(fault.kind, system)) this.#reached.add(`goal ${goal.id}`);
    for (const { serving } of this.#world.systems)
      for (const { role, status } of serving?.pairs() ?? [])
        this.#reached.add(`fault ${fault.kind} in ${role} ${status}`);
  }

  /** The last step of any program, and the kind of the last fault, at or before a moment; `nothing` without. */
  before(timeNs: number): { readonly step: string; readonly fault: string } {
    const last = (moments: readonly Moment[]): string =>
      moments.findLast((moment) => moment.timeNs <= timeNs)?.name ?? "nothing";
    return { step: last(this.#steps), fault: last(this.#faults) };
  }

  #lookAt(system: string): void {
    for (const { pair, role, status } of this.#world?.system(system).serving?.pairs() ?? []) {
      const key = `${system} ${pair} ${role}`;
      const before = this.#statuses.get(key);
      if (before === status) continue;
      this.#statuses.set(key, status);
      this.#reached.add(`status ${role} ${before ?? "none"} > ${status}`);
    }
  }
}

function note(moments: Moment[], moment: Moment): void {
  moments.push(moment);
  if (moments.length === MOMENTS_MAX) moments.splice(0, MOMENTS_MAX - KEPT_MOMENTS);
}

/** Whether one goal is reached in one run. */
class GoalWatch {
  readonly #goal: Goal;
  /** Systems between the step at which the goal opens and the one that closes it. */
  readonly #open = new Set<string>();

  constructor(goal: Goal) {
    this.#goal = goal;
  }

  get id(): string {
    return this.#goal.id;
  }

  /** True if this step of a program reaches it. */
  step(system: string, name: string): boolean {
    const { from, until, meets } = this.#goal;
    const isMet = meets.step === name && (from === undefined || this.#open.size > 0);
    if (name === until || name === "system.started") this.#open.delete(system);
    if (name === from) this.#open.add(system);
    return isMet;
  }

  /** True if this fault reaches it. */
  struck(kind: AnyFault["kind"], system: string | undefined): boolean {
    const { meets } = this.#goal;
    if (meets.faults?.includes(kind) !== true) return false;
    return system === undefined ? this.#open.size > 0 : this.#open.has(system);
  }
}
