import type { Blocks, SeedRange } from "../hunt/blocks.ts";
import { type CampaignTally, neverReached } from "../hunt/campaign-tally.ts";
import { GOALS } from "../hunt/goals.ts";
import { keyText } from "../hunt/seed-result.ts";
import { Coordinator } from "../queue/coordinator.ts";
import { QueueError } from "../queue/queue-error.ts";
import { parseQueueUrl } from "../queue/queue-url.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import type { QueueOptions } from "./hunt-command.ts";
import type { HuntPoolOptions } from "./hunt-pool.ts";
import { programOf } from "./program-digests.ts";
import { oneLine } from "./usage-error.ts";

/** The runs of a hunt, done by workers anywhere. */
export class HuntCoordinator {
  readonly #coordinator: Coordinator;
  readonly #parts: CommandLineParts;
  readonly #shown: string;

  private constructor(coordinator: Coordinator, parts: CommandLineParts, shown: string) {
    this.#coordinator = coordinator;
    this.#parts = parts;
    this.#shown = shown;
  }

  /** @throws QueueError if the database cannot be used */
  static async open(parts: CommandLineParts, { url, patienceMs }: QueueOptions): Promise<HuntCoordinator> {
    const options = { url: parseQueueUrl(url), program: programOf(parts), patienceMs, signal: parts.interrupt };
    return new HuntCoordinator(await Coordinator.open(options), parts, options.url.shown);
  }

  /** As `huntSeeds`. @throws QueueError */
  async hunt(
    blocks: Blocks,
    seeds: SeedRange,
    { seedMsMax, signal, onResult }: Pick<HuntPoolOptions, "seedMsMax" | "signal" | "onResult">,
  ): Promise<void> {
    const { version, terminal, calledAs } = this.#parts;
    terminal.err(`hunt: its runs are done by: ${calledAs} worker --queue ${this.#shown}\n`);
    await this.#coordinator.hunt(blocks, {
      ...{ seeds, version, signal, onResult },
      timeoutMs: seedMsMax,
      onDispute: (keys) => {
        const seeds = keys.map(keyText).join(", ");
        terminal.err(`resilver: two workers came to different results of seeds ${seeds}; the first ones count\n`);
      },
    });
  }

  /** Keeps what the campaign came to. */
  async end(status: string, tally: CampaignTally, wallMs: number): Promise<void> {
    const { verdict, outcome, runs, failed, groups, reached } = tally;
    const goals = GOALS.length - neverReached(reached).length;
    try {
      await this.#coordinator.end(status, { verdict, outcome, runs, failed, groups: groups.length, goals, wallMs });
    } catch (error) {
      // What it came to is known all the same.
      if (!(error instanceof QueueError)) throw error;
      this.#parts.terminal.err(`hunt: not among the trends: ${oneLine(error.message)}\n`);
    }
  }

  async close(): Promise<void> {
    await this.#coordinator.close();
  }
}
