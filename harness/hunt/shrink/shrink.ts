import { type Plan, PlanError, parsePlan } from "../../plan/index.ts";
import { isHealed } from "./healed.ts";
import { dropSteps, unwrapSteps } from "./steps.ts";
import { dropNames, shrinkSizes } from "./topology.ts";
import { dropExpectations, shrinkValues } from "./values.ts";

/**
 * One way to make a plan smaller. Yields plain data that may be no plan; hears the plan if that was one and fails in the
 * same way, and goes on from there.
 */
export type Pass = (plan: Plan) => Generator<unknown, void, Plan | undefined>;

/** The cheapest first: what is dropped whole need not be made smaller. */
const PASSES: readonly Pass[] = [dropSteps, dropNames, unwrapSteps, dropExpectations, shrinkValues, shrinkSizes];

export interface ShrinkOptions {
  /** Runs the plan: whether it fails in the same way. */
  readonly fails: (plan: Plan) => Promise<boolean>;
  /**
   * The failure is that something never came to rest. Then whatever was healed, restarted or brought together stays so:
   * of a plan that leaves the link cut it says nothing.
   */
  readonly isLiveness: boolean;
  /** Asked before each run; the smallest plan so far is the result when it is true. */
  readonly isOver: () => boolean;
  /** Plans that are run at most. */
  readonly runsMax: number;
}

export interface Shrunk {
  readonly plan: Plan;
  readonly runs: number;
  /** Nothing that is left can be made smaller; otherwise it was stopped. */
  readonly isSmallest: boolean;
}

/**
 * Makes a plan that fails smaller, steps, faults, names, sizes and numbers together, as long as it fails in the same
 * way (HX-7). The same plan and the same answers give the same result.
 */
export async function shrink(plan: Plan, options: ShrinkOptions): Promise<Shrunk> {
  const search = new Search(plan, options);
  let before: Plan | undefined;
  while (before !== search.smallest && !search.isStopped) {
    before = search.smallest;
    for (const pass of PASSES) await search.take(pass);
  }
  return { plan: search.smallest, runs: search.runs, isSmallest: !search.isStopped };
}

class Search {
  smallest: Plan;
  runs = 0;
  isStopped = false;
  readonly #options: ShrinkOptions;
  /** Never run twice. As many as there are runs at most, and those that are no plans. */
  readonly #tried = new Set<string>();

  constructor(plan: Plan, options: ShrinkOptions) {
    this.smallest = plan;
    this.#options = options;
  }

  async take(pass: Pass): Promise<void> {
    const candidates = pass(this.smallest);
    let heard: Plan | undefined;
    for (;;) {
      const { done, value } = candidates.next(heard);
      if (done === true) return;
      heard = await this.#try(value);
      if (this.isStopped) return;
      if (heard !== undefined) this.smallest = heard;
    }
  }

  async #try(data: unknown): Promise<Plan | undefined> {
    const key = JSON.stringify(data);
    if (this.#tried.has(key)) return undefined;
    this.#tried.add(key);
    const plan = planOf(data);
    if (plan === undefined || (this.#options.isLiveness && !isHealed(plan))) return undefined;
    if (this.runs >= this.#options.runsMax || this.#options.isOver()) {
      this.isStopped = true;
      return undefined;
    }
    this.runs++;
    return (await this.#options.fails(plan)) ? plan : undefined;
  }
}

function planOf(data: unknown): Plan | undefined {
  try {
    return parsePlan(data);
  } catch (error) {
    if (error instanceof PlanError) return undefined;
    throw error;
  }
}
