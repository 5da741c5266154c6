import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { illegalTransition } from "../mirror/illegal-transition.ts";
import type { LocalPair } from "../mirror/local-pair.ts";
import type { Pair } from "../mirror/pair.ts";
import type { Command, CommandOf } from "./command.ts";
import type { SharedMemory } from "./shared-memory.ts";

/** What the removal of a pair needs of the rest of the system. */
export interface RemovalSurroundings {
  /** Has the other end of the pair carry it out. @throws EngineError: its refusal, LINK_DOWN, UNANSWERED */
  readonly ask: (pair: Pair, command: Command) => Promise<void>;
  /** Settles when all that was received on the pair's link is applied. */
  readonly applied: (pair: Pair) => Promise<void>;
  /** Settles when the other end has said where it stands, or the link has had time to come up. */
  readonly heard: (pair: Pair) => Promise<void>;
  /** Somebody else may go on with the pair. */
  readonly stays: (pair: Pair) => void;
}

/**
 * SPLIT → SIMPLEX: a mirror is forgotten, its volumes stay as they are. The other end goes first, so whatever a
 * crash or a cut interrupts, the end that was asked still knows the pair, and the command can be given again:
 * an end that does not know it has nothing to forget.
 */
export class PairRemoval {
  readonly #memory: SharedMemory;
  readonly #system: RemovalSurroundings;

  constructor(memory: SharedMemory, system: RemovalSurroundings) {
    this.#memory = memory;
    this.#system = system;
  }

  /** @throws EngineError ILLEGAL_TRANSITION, RESTORE_RUNS, LINK_DOWN, UNANSWERED, PEER_HAS_PAIR, WRONG_ROLE */
  async remove(pair: Pair, { scope }: CommandOf<"delete">): Promise<void> {
    if (scope === "here") await this.#requireAlone(pair);
    else if (pair.connection === undefined) await this.#system.heard(pair);
    await this.#leaving(pair, async () => {
      if (scope === "both") await this.#forgetThere(pair);
    });
  }

  /** The other end's half. @throws EngineError PAIR_UNKNOWN, ILLEGAL_TRANSITION, RESTORE_RUNS */
  async forget({ pair: name, id }: CommandOf<"forget">): Promise<void> {
    const pair = this.#memory.pairById(id);
    if (pair === undefined) throw new EngineError("PAIR_UNKNOWN", { pair: name });
    await this.#leaving(pair, () => this.#system.applied(pair));
  }

  /** A mirror in this system. @throws EngineError ILLEGAL_TRANSITION, RESTORE_RUNS */
  async removeLocal(pair: LocalPair): Promise<void> {
    const { entry, volume, busy } = pair;
    volume.requireWhole("delete");
    if (entry.status !== "SPLIT" || entry.task !== "" || busy !== "")
      throw illegalTransition(pair, "delete", "SPLIT, and nothing else under way");
    pair.busy = "delete";
    await this.#memory.locals.erase(pair);
    pair.runtime.log.step("local.deleted", { pair: entry.name });
  }

  /** Keeps everybody else from the pair, and forgets it after `before`. */
  async #leaving(pair: Pair, before: () => Promise<void>): Promise<void> {
    pair.volume.requireWhole("delete");
    if (pair.entry.status !== "SPLIT" || pair.phase !== "idle")
      throw illegalTransition(pair, "delete", "SPLIT, and nothing else under way");
    pair.phase = "leaving";
    try {
      await before();
    } catch (error) {
      pair.phase = "idle";
      this.#system.stays(pair);
      throw error;
    }
    await this.#memory.erase(pair);
    pair.runtime.log.step("pair.deleted", { pair: pair.entry.name });
  }

  async #forgetThere(pair: Pair): Promise<void> {
    const { name, id } = pair.entry;
    try {
      await this.#system.ask(pair, { kind: "forget", pair: name, id });
    } catch (error) {
      const { code } = handled(error, EngineError);
      if (code === "PAIR_UNKNOWN") return;
      // What was asked for is the whole of it.
      if (code === "LINK_DOWN" || code === "UNANSWERED") throw new EngineError(code, { pair: name, command: "delete" });
      throw error;
    }
  }

  /** @throws EngineError PEER_HAS_PAIR, WRONG_ROLE */
  async #requireAlone(pair: Pair): Promise<void> {
    const { entry } = pair;
    if (pair.connection !== undefined) await this.#system.heard(pair);
    if (pair.peerState !== undefined) throw new EngineError("PEER_HAS_PAIR", { pair: entry.name });
    // A primary that has not begun to copy would offer the pair again, and overwrite what is free then.
    if (entry.role === "secondary" && !entry.established)
      throw new EngineError("WRONG_ROLE", { pair: entry.name, command: "delete", role: entry.role });
  }
}
