import type { AdminStep } from "../plan/admin-step.ts";
import type { CommandOutcome } from "./give-command.ts";

/** What the commands of a plan say about its pairs: which were created, and which local mirrors may stay split. */
export class OperatorsWord {
  readonly #created = new Set<string>();
  readonly #maySplit = new Set<string>();

  /** Pairs whose creation was accepted, and that were not to be deleted since. */
  get created(): ReadonlySet<string> {
    return this.#created;
  }

  /** True if the latest command about the pair that may have been carried out splits it. */
  mayBeSplit(pair: string): boolean {
    return this.#maySplit.has(pair);
  }

  given(step: AdminStep, { done }: CommandOutcome): void {
    if (done === "no") return;
    switch (step.kind) {
      case "create":
        this.#created.add(step.pair);
        return;
      case "delete":
        // If nobody knows, one end may have it still: no more is asked of it than of one that is gone.
        this.#created.delete(step.pair);
        return;
      case "split":
        this.#maySplit.add(step.pair);
        return;
      case "backup":
        for (const mirror of step.mirrors) this.#maySplit.add(mirror);
        return;
      case "resync":
        // If nobody knows, it may be split as it was.
        if (done === "yes") this.#maySplit.delete(step.pair);
        return;
      case "takeover":
      case "failback":
      case "restore":
      case "rollback":
      case "recover":
      case "recover-group":
        return;
    }
  }
}
