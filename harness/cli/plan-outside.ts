import { ext4 } from "../files/ext4.node.ts";
import { Oracle } from "../oracle/oracle.ts";
import type { Plan } from "../plan/plan.ts";
import type { RunPlanOptions } from "../run/run-plan.ts";
import { TraceDirectory } from "../trace/trace-directory.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import { runOracles } from "./run-oracles.ts";
import { traceNames } from "./trace-names.ts";

/** What a run needs of the machine that it is made on. */
export type Outside = Pick<RunPlanOptions, "traces" | "oracles" | "fileSystems">;

/** Traces and judges of one thread. Outside judges start at the first plan that asks one. */
export class PlanOutside {
  readonly #traceFolder: string;
  #directory: TraceDirectory | undefined;
  #judge: Oracle | undefined;

  /** @param traceFolder path of the folder with `traces.json` */
  constructor(traceFolder: string) {
    this.#traceFolder = traceFolder;
  }

  /**
   * Does what needs what the plan names.
   *
   * @throws TraceError: there is no such trace, or its file is damaged
   */
  async with<T>(plan: Plan, body: (outside: Outside) => Promise<T>): Promise<T> {
    this.#directory ??= new TraceDirectory(this.#traceFolder);
    const directory = this.#directory;
    const names = traceNames(plan);
    const asked = plan.expect.some((expectation) => expectation.kind === "oracle");
    if (asked) this.#judge ??= new Oracle();
    const traces = new Map<string, LoadedTrace>();
    for (const name of names) traces.set(name, await directory.load(name));
    try {
      return await body({
        traces,
        ...(asked && this.#judge !== undefined ? { oracles: runOracles(this.#judge, directory) } : {}),
        fileSystems: ext4,
      });
    } finally {
      // A trace is large, and the next plan of this thread seldom needs the same.
      for (const name of names) directory.release(name);
    }
  }
}
