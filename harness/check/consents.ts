import type { AdminCommand } from "../target/target.ts";
import type { DiskState } from "./disk-state.ts";
import type { PairState } from "./pair-state.ts";
import { NEVER, type Operation } from "./operation.ts";

interface Grant {
  readonly command: number;
  readonly pair: PairState;
  /** Whose own writes may be lost. */
  readonly overwritten: DiskState;
  /** Only those acknowledged before this moment. */
  before: number;
  /** Only those issued before this moment: from then on hosts must be kept from writing what would be lost. */
  issuedBefore: number;
  /**
   * A takeover does not agree to lose what the other side acknowledged while it knew that it was
   * alone; every other grant does.
   */
  readonly takeover: boolean;
  /** Of a resync: the end that carries it out. */
  readonly by?: DiskState;
  /** It was carried out, and the end to be overwritten, a primary as well, has yet to hear of it. */
  isUntold: boolean;
  /** Of a takeover: it was given, and not answered yet. */
  isUnanswered: boolean;
}

const GRANT = { before: NEVER, issuedBefore: NEVER, takeover: false, isUntold: false, isUnanswered: false };

/** What an operator agreed to lose (rule 5): without a grant nobody's acknowledged writes may be overwritten. */
export class Consents {
  #grants: Grant[] = [];
  readonly #splitBy = new Map<PairState, number>();

  /**
   * Takes note of a command before it is given.
   *
   * @param here the end at which it is given
   */
  issued(command: number, given: AdminCommand, pair: PairState, here: DiskState, at: number): void {
    const there = pair.other(here).disk;
    const isPrimary = pair.side(here).report?.role !== "secondary";
    switch (given.kind) {
      case "create":
        this.#grants.push({ ...GRANT, command, pair, overwritten: there });
        return;
      case "split":
        // An earlier split still stands if this one is refused.
        if (!this.#splitBy.has(pair)) this.#splitBy.set(pair, command);
        return;
      case "takeover":
        // What the lost primary wrote alone makes the histories diverge: that needs another word of the operator.
        this.#grants.push({
          ...GRANT,
          command,
          pair,
          overwritten: there,
          before: at,
          takeover: true,
          isUnanswered: true,
        });
        return;
      case "resync": {
        // Without a direction only a split of the operator's own tells which writes may go.
        if (given.direction === undefined && !this.#splitBy.has(pair)) return;
        const toOther = (given.direction ?? "forward") === "forward" ? isPrimary : !isPrimary;
        this.#grants.push({
          ...GRANT,
          command,
          pair,
          overwritten: toOther ? there : here,
          by: isPrimary ? here : there,
        });
        return;
      }
      case "create-local":
        this.#grants.push({ ...GRANT, command, pair, overwritten: there });
        return;
      case "backup":
        // The mirror is split, and the operator knows it.
        if (!this.#splitBy.has(pair)) this.#splitBy.set(pair, command);
        return;
      case "failback":
      case "delete":
      case "restore":
      case "rollback":
      case "recover":
      case "recover-group":
        return;
    }
  }

  /**
   * The command was carried out by the moment `at`. A primary that is to be overwritten knows it by then if it did so itself; one
   * that has taken over hears of it later; a secondary has no hosts.
   */
  answered(command: number, at: number): void {
    for (const grant of this.#grants) {
      const { pair, overwritten, by } = grant;
      if (grant.command !== command || by === undefined || pair.side(overwritten).report?.role !== "primary") continue;
      if (by === overwritten) grant.issuedBefore = at;
      else grant.isUntold = true;
    }
  }

  /** The command was answered, or its system died over it, at the moment `at`: whatever it did, it had done by then. */
  ended(command: number, at: number): void {
    for (const grant of this.#grants) {
      if (grant.command !== command || !grant.isUnanswered) continue;
      grant.isUnanswered = false;
      grant.before = Math.min(grant.before, at);
    }
  }

  /** The reports of the pair were read again, at the moment `now`. */
  observe(pair: PairState, now: number): void {
    for (const grant of this.#grants)
      if (grant.pair === pair && grant.isUntold && pair.side(grant.overwritten).report?.role === "secondary") {
        grant.isUntold = false;
        grant.issuedBefore = now;
      }
  }

  /** Whether an operator made this end primary too, since the two were last in step. */
  tookOver(pair: PairState): boolean {
    return this.#grants.some((grant) => grant.takeover && grant.pair === pair);
  }

  /** The command was refused and changed nothing. */
  withdraw(command: number): void {
    this.#grants = this.#grants.filter((grant) => grant.command !== command);
    for (const [pair, split] of this.#splitBy) if (split === command) this.#splitBy.delete(pair);
  }

  /**
   * The pair is DUPLEX again: what was agreed to is done. But a takeover that waits still, and is carried out when the link is lost once
   * more, gives up what the primary has acknowledged by then.
   */
  spent(pair: PairState): void {
    this.#grants = this.#grants.filter((grant) => grant.pair !== pair || waits(grant));
    for (const grant of this.#grants) if (grant.pair === pair) grant.before = NEVER;
    this.#splitBy.delete(pair);
  }

  /** True if a write to `disk` may be lost to the other end. */
  allows(
    pair: PairState,
    disk: DiskState,
    { issuedAt, endedAt: acknowledgedAt, alone }: Pick<Operation, "issuedAt" | "endedAt" | "alone">,
  ): boolean {
    return this.#grants.some(
      (grant) =>
        grant.pair === pair &&
        grant.overwritten === disk &&
        acknowledgedAt < grant.before &&
        issuedAt < grant.issuedBefore &&
        (!grant.takeover || !alone) &&
        !this.#tookOverSince(grant, acknowledgedAt),
    );
  }

  /** A later takeover at the side to be overwritten is the operator's newer word on all that it acknowledges from then on. */
  #tookOverSince({ command, pair, overwritten }: Grant, acknowledgedAt: number): boolean {
    return this.#grants.some(
      (later) =>
        later.takeover &&
        later.pair === pair &&
        later.command > command &&
        later.overwritten !== overwritten &&
        acknowledgedAt >= later.before,
    );
  }
}

/** True of a takeover that may yet be carried out. Of one that was, a pair that is DUPLEX has the other end as its secondary. */
function waits({ isUnanswered, pair, overwritten }: Grant): boolean {
  return isUnanswered && pair.side(overwritten).report?.role === "primary";
}
