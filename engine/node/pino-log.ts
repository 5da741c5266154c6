import type { Logger } from "pino";
import type { Clock, Log, StepFields } from "../ports/index.ts";

/** One step of the engine, as a listener gets it. */
export interface LoggedStep {
  /** Counts the steps of this log from 0. */
  readonly n: number;
  /** Of the log's clock. */
  readonly atNs: number;
  readonly name: string;
  readonly fields: StepFields;
}

/** Taken for every few tracks: a copy of a large volume would drown all others. */
const FREQUENT: ReadonlySet<string> = new Set([
  "copy-out.copied",
  "image.exception",
  "journal.folded",
  "local.copied",
  "restore.brought",
  "resync.copied",
  "resync.progress",
]);

/**
 * The {@link Log} of a daemon: each step is one line of pino, at level info, or debug if it is a frequent one, with
 * `step` and `fields`; the fields are an object of their own, so none of them can pass for one of pino's.
 */
export class PinoLog implements Log {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #listeners = new Set<(step: LoggedStep) => void>();
  #count = 0;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  step(name: string, fields: StepFields): void {
    const step: LoggedStep = { n: this.#count++, atNs: this.#clock.monotonicNs(), name, fields: { ...fields } };
    const level = FREQUENT.has(name) ? "debug" : "info";
    this.#write(() => this.#logger[level]({ step: name, fields: step.fields }));
    for (const listener of this.#listeners) {
      try {
        listener(step);
      } catch (error) {
        this.#write(() => this.#logger.error({ err: error, step: name }, "a listener of the log failed"));
      }
    }
  }

  /** Calls `listener` within every step from now on, in the order added; the function returned ends that. */
  onStep(listener: (step: LoggedStep) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The engine cannot notice who listens: what cannot be written is lost. */
  #write(line: () => void): void {
    try {
      line();
    } catch {
      // There is nobody to tell.
    }
  }
}
