import type { Plan } from "../plan/plan.ts";
import type { LoggedStep, RunWorld } from "../world/run-world.ts";
import { PauseMeasure } from "./pauses.ts";
import { ResyncBytesMeasure } from "./resync-bytes.ts";

/** Something that is measured all through a run, because an expectation asks for it. */
export interface Measure {
  /** Within the event in which the program of the system logged it. */
  step?(system: string, step: LoggedStep): void;
  /** A host's write, trim or write of zeroes goes to its system now. */
  hostWrite?(volume: string, offsetBytes: number, lengthBytes: number): void;
  /** Before the crash. */
  systemDown?(system: string): void;
  /** At the end: what was too much, one line each. */
  failures(): readonly string[];
}

/** All that a plan asks to be measured, by the place of its expectation. */
export class Measures {
  readonly #all: (readonly [string, Measure])[] = [];
  /** What the plan asks for and this world cannot measure, and why. */
  readonly unjudged: readonly string[];

  constructor(plan: Plan, world: RunWorld) {
    const unjudged: string[] = [];
    for (const [index, expectation] of plan.expect.entries()) {
      const path = `expect[${index}]`;
      const why = world.unmeasured.get(expectation.kind);
      if (why !== undefined) {
        unjudged.push(`${path} ${expectation.kind}: ${why}`);
        continue;
      }
      if (expectation.kind === "resync-bytes")
        this.#all.push([path, new ResyncBytesMeasure(expectation, plan.topology, world)]);
      if (expectation.kind === "pause-at-most") this.#all.push([path, new PauseMeasure(expectation, world)]);
    }
    this.unjudged = unjudged;
  }

  step(system: string, step: LoggedStep): void {
    for (const [, measure] of this.#all) measure.step?.(system, step);
  }

  hostWrite(volume: string, offsetBytes: number, lengthBytes: number): void {
    for (const [, measure] of this.#all) measure.hostWrite?.(volume, offsetBytes, lengthBytes);
  }

  systemDown(system: string): void {
    for (const [, measure] of this.#all) measure.systemDown?.(system);
  }

  failures(): string[] {
    return this.#all.flatMap(([path, measure]) => measure.failures().map((failure) => `${path}: ${failure}`));
  }
}
