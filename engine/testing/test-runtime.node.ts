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

/** @param first draw of its random stream, which counts upward */
export function testRuntime(clock = new FakeClock(), first = 0): TestRuntime {
  const steps: string[] = [];
  const escaped: Error[] = [];
  const tasks = new Tasks();
  void tasks.failed.then((error) => escaped.push(error));
  return {
    clock,
    random: counting(first),
    log: { step: (name) => steps.push(name) },
    tasks,
    steps,
    escaped,
  };
}

function counting(first: number): Random {
  let count = first;
  return { next32: () => count++, fork: () => counting(first) };
}
