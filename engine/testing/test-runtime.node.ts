import type { Random } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { Tasks } from "../tasks.ts";
import { FakeClock } from "./fake-clock.node.ts";

/** A runtime on a clock that the test moves; `steps` lists the names of what was logged. */
export interface TestRuntime extends Runtime {
  readonly clock: FakeClock;
  readonly steps: string[];
  /** Errors that escaped from work that nobody awaits. */
  readonly escaped: Error[];
}

export function testRuntime(): TestRuntime {
  const steps: string[] = [];
  const escaped: Error[] = [];
  const tasks = new Tasks();
  void tasks.failed.then((error) => escaped.push(error));
  return {
    clock: new FakeClock(),
    random: counting(),
    log: { step: (name) => steps.push(name) },
    tasks,
    steps,
    escaped,
  };
}

function counting(): Random {
  let count = 0;
  return { next32: () => count++, fork: counting };
}
