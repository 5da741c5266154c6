import type { Log, StepFields } from "../../../engine/ports/index.ts";
import type { EventKind } from "../../history/event-log.ts";
import { hashText } from "../../history/rolling-hash.ts";
import type { Process } from "./process.ts";

/** One step of a process, as a listener sees it. */
export interface Step {
  /** Index of its event in the log of the run. */
  readonly eventIndex: number;
  readonly timeNs: number;
  readonly process: string;
  readonly name: string;
  readonly fields: StepFields;
}

/**
 * The {@link Log} of one process: every step is an event of the run, kind `step <name>`, whose
 * content hash covers name and fields. Listeners are called at once, in the order added, within
 * the engine's call, so that a fault can strike exactly there.
 */
export class SimLog implements Log {
  readonly #process: Process;
  readonly #listeners = new Set<(step: Step) => void>();
  /** By the name of the step. */
  readonly #kinds = new Map<string, EventKind>();
  /** Steps so far. */
  #count = 0;

  constructor(process: Process) {
    this.#process = process;
  }

  step(name: string, fields: StepFields): void {
    const { scheduler, actor, state } = this.#process;
    // What a dead program still computes in the event of its death, it tells nobody.
    if (state === "dead") return;
    let text = name;
    const keys = Object.keys(fields);
    // In sorted order: that of an object's keys depends on how it was made.
    if (keys.length > 1) keys.sort();
    for (const key of keys) {
      const value = fields[key];
      text += `\n${key}=${typeof value}:${value}`;
    }
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      kind = scheduler.log.kind(`step ${name}`, "step");
      this.#kinds.set(name, kind);
    }
    const eventIndex = scheduler.note(kind, actor, this.#count++, 0, hashText(text));
    const step: Step = {
      eventIndex,
      timeNs: scheduler.nowNs,
      process: this.#process.name,
      name,
      fields: { ...fields },
    };
    for (const listener of this.#listeners) {
      try {
        listener(step);
      } catch (error) {
        // The engine must not notice who listens: the run fails, the call does not.
        scheduler.fail(error);
      }
    }
  }

  /** Calls `listener` at every step from now on; the function returned ends that. */
  onStep(listener: (step: Step) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
