import type { AdminStep } from "../plan/admin-step.ts";
import { type CommandOutcome, isRefusedByDisk, isRefusedByMixture } from "./give-command.ts";

/** What the commands of a plan say about its pairs: which were created, and which local mirrors may stay split. */
export class OperatorsWord {
  readonly #created = new Set<string>();
  readonly #maySplit = new Set<string>();
  /** By pair: commands under way that may split it. */
  readonly #splitting = new Map<string, number>();
  /** By pair: when the latest command that may have split it was answered; infinite if it may still be carried out. */
  readonly #splitAt = new Map<string, number>();
  /** By pair: the latest resync, if it may not have been carried out: its answer was lost, or a disk or a mixture refused it. */
  readonly #unfulfilled = new Map<string, AdminStep>();
  readonly #twoWriters = new Set<string>();
  #order = 0;
  #isAnyCreated = false;
  #isCreationPrevented = false;

  /** Pairs whose creation was accepted, and that were not to be deleted since. */
  get created(): ReadonlySet<string> {
    return this.#created;
  }

  /** Some pair was, though all may have been deleted since, or half deleted. */
  get isAnyCreated(): boolean {
    return this.#isAnyCreated;
  }

  /** It was a disk that refused the latest creation of a pair that was refused: the operator is to mend it. */
  get isCreationPrevented(): boolean {
    return this.#isCreationPrevented;
  }

  /** True if the latest command about the pair that may have been carried out splits it. */
  mayBeSplit(pair: string): boolean {
    return this.#maySplit.has(pair);
  }

  /** The latest word about the pair, if it is a resync that may not have been carried out: nobody answered, or a disk or a mixture refused it. */
  unfulfilled(pair: string): AdminStep | undefined {
    return this.#unfulfilled.get(pair);
  }

  /** True if hosts may write to both sides since: the pair was taken over, or split read-write. */
  mayHaveTwoWriters(pair: string): boolean {
    return this.#twoWriters.has(pair);
  }

  /** Takes note of a command while it is given. */
  async hear<O extends CommandOutcome>(step: AdminStep, give: () => Promise<O>): Promise<O> {
    const issuedAt = this.issued(step);
    const outcome = await give();
    this.given(step, outcome, issuedAt);
    return outcome;
  }

  /** Before a command is given. @returns when; {@link given} is to be told */
  issued(step: AdminStep): number {
    for (const pair of splitBy(step)) this.#splitting.set(pair, (this.#splitting.get(pair) ?? 0) + 1);
    return ++this.#order;
  }

  /** A command was answered. @param issuedAt of {@link issued} */
  given(step: AdminStep, outcome: CommandOutcome, issuedAt: number): void {
    const { done } = outcome;
    const at = ++this.#order;
    for (const pair of splitBy(step)) {
      this.#splitting.set(pair, (this.#splitting.get(pair) ?? 1) - 1);
      if (done === "no") continue;
      this.#maySplit.add(pair);
      this.#splitAt.set(pair, done === "yes" ? Math.max(at, this.#splitAt.get(pair) ?? 0) : Number.POSITIVE_INFINITY);
    }
    if (step.kind === "create" && done === "no") {
      this.#isCreationPrevented = isRefusedByDisk(outcome);
      // Had an earlier command created it, this one would be told of that.
      if (this.#isCreationPrevented) this.#created.delete(step.pair);
    }
    if (step.kind === "resync" && (done === "unknown" || isRefusedByDisk(outcome) || isRefusedByMixture(outcome)))
      this.#unfulfilled.set(step.pair, step);
    else if ("pair" in step && done !== "no") this.#unfulfilled.delete(step.pair);
    if (done === "no") return;
    if (step.kind === "takeover" || (step.kind === "split" && step.secondary === "read-write"))
      this.#twoWriters.add(step.pair);
    switch (step.kind) {
      case "create":
        this.#created.add(step.pair);
        this.#isAnyCreated = true;
        return;
      case "delete":
        // If nobody knows, one end may have it still: no more is asked of it than of one that is gone.
        this.#created.delete(step.pair);
        return;
      case "resync":
        // If nobody knows, it may be split as it was; and of two commands at once either may be the later one.
        if (done === "yes" && !this.#isSplitSince(step.pair, issuedAt)) {
          this.#maySplit.delete(step.pair);
          this.#twoWriters.delete(step.pair);
        }
        return;
      case "split":
      case "backup":
      case "takeover":
      case "failback":
      case "restore":
      case "rollback":
      case "recover":
      case "recover-group":
        return;
    }
  }

  #isSplitSince(pair: string, issuedAt: number): boolean {
    return (this.#splitting.get(pair) ?? 0) > 0 || (this.#splitAt.get(pair) ?? 0) > issuedAt;
  }
}

/** The pairs that the command splits. */
function splitBy(step: AdminStep): readonly string[] {
  if (step.kind === "split") return [step.pair];
  return step.kind === "backup" ? step.mirrors : [];
}
