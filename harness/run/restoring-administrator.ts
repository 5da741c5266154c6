import type { RestoringAdministrator } from "../../engine/controller/index.ts";
import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { AdminStep } from "../plan/admin-step.ts";
import type { PairReport } from "../target/target.ts";
import type { RunWorld } from "../world/run-world.ts";
import type { CommandOutcome } from "./give-command.ts";
import { UnmetError } from "./unmet-error.ts";

const LOOK_NS_MIN = 1 * NS_PER_MS;
const LOOK_NS_MAX = 20 * NS_PER_MS;
/** Until a command is given up: longer than any fault of a plan lasts. */
const PATIENCE_NS = 300_000 * NS_PER_MS;

/** Both ends of a pair, as far as they can be asked. */
interface Ends {
  readonly primary: PairReport | undefined;
  readonly secondary: PairReport | undefined;
}

/**
 * The administrator of a restoring program: looks at the pairs, gives the command that is missing, and
 * looks again, through lost links and systems that start again.
 */
export class SimAdministrator implements RestoringAdministrator {
  readonly #world: RunWorld;
  readonly #give: (step: AdminStep) => Promise<CommandOutcome>;

  constructor(world: RunWorld, give: (step: AdminStep) => Promise<CommandOutcome>) {
    this.#world = world;
    this.#give = give;
  }

  async status(pair: string): Promise<{ readonly status: string; readonly suspension: string }> {
    let found: PairReport | undefined;
    await this.#until(`the status of ${pair}`, () => {
      found = this.#ends(pair).primary;
      return found !== undefined;
    });
    return { status: found?.status ?? "", suspension: found?.suspension ?? "" };
  }

  async split(pair: string): Promise<void> {
    let refusal = "";
    await this.#until(
      `the split of ${pair}`,
      async () => {
        const { primary, secondary } = this.#ends(pair);
        if (primary === undefined || secondary === undefined) return false;
        if (isSplit(primary) && isSplit(secondary)) return true;
        // The secondary heard of it, and the primary lost power over it: it is told again.
        const isHalf = isSplit(secondary) && primary.status === "SPLIT";
        if (isHalf || (primary.status === "DUPLEX" && secondary.status === "DUPLEX"))
          ({ refusal } = await this.#give({ kind: "split", pair, secondary: "read-write" }));
        // The other end never heard of it, and would keep hosts out: together again, and once more.
        else if (isSplit(primary)) ({ refusal } = await this.#give({ kind: "resync", pair, direction: "forward" }));
        return false;
      },
      () => refusal,
    );
  }

  async resync(pair: string, direction: "forward" | "reverse"): Promise<void> {
    let refusal = "";
    await this.#until(
      `the resync of ${pair}`,
      async () => {
        const { primary, secondary } = this.#ends(pair);
        if (primary === undefined || secondary === undefined) return false;
        if (primary.status === "DUPLEX" && secondary.status === "DUPLEX") return true;
        if (primary.status === "SPLIT" && primary.connected && (isSplit(primary) || isSplit(secondary)))
          ({ refusal } = await this.#give({ kind: "resync", pair, direction }));
        return false;
      },
      () => refusal,
    );
  }

  async restoreMirror(pair: string): Promise<void> {
    let isAccepted = false;
    let refusal = "";
    await this.#until(
      `the restore from ${pair}`,
      async () => {
        const volume = this.#ends(pair).primary?.volume;
        if (volume === undefined) return false;
        if (!isAccepted && !this.#isRestoring(volume)) {
          const outcome = await this.#give({ kind: "restore", pair, scope: "changed" });
          ({ refusal } = outcome);
          isAccepted = outcome.done === "yes";
          return false;
        }
        isAccepted = true;
        return !this.#isRestoring(volume);
      },
      () => refusal,
    );
  }

  #isRestoring(volume: string): boolean {
    const { serving } = this.#world.systemOfVolume(volume);
    return serving?.restores().some((report) => report.volume === volume) ?? true;
  }

  #ends(pair: string): Ends {
    const reports = this.#world.systems.flatMap(({ serving }) => serving?.pairs() ?? []);
    const ofPair = reports.filter((report) => report.pair === pair);
    return {
      primary: ofPair.find(({ role }) => role === "primary"),
      secondary: ofPair.find(({ role }) => role === "secondary"),
    };
  }

  /** @throws UnmetError if it does not come about */
  async #until(what: string, look: () => boolean | Promise<boolean>, why: () => string = () => ""): Promise<void> {
    const startNs = this.#world.nowNs();
    for (;;) {
      if (await look()) return;
      const passedNs = this.#world.nowNs() - startNs;
      if (passedNs > PATIENCE_NS) {
        const refusal = why();
        throw new UnmetError("NOT_COME_ABOUT", `${what}${refusal === "" ? "" : `, refused with ${refusal}`}`);
      }
      await this.#world.sleep(Math.min(LOOK_NS_MAX, Math.max(LOOK_NS_MIN, Math.floor(passedNs / 16))));
    }
  }
}

function isSplit({ status, suspension }: PairReport): boolean {
  return status === "SPLIT" && suspension === "operator";
}
