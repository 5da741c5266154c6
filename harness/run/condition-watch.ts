import type { Condition, SentCondition } from "../plan/condition.ts";
import type { PairReport, TargetSystem } from "../target/target.ts";
import type { RunWorld } from "../world/run-world.ts";
import type { Host } from "./host.ts";

/** Shortest and longest time between two looks at something that tells nobody when it changes. */
const LOOK_NS_MIN = 50_000;
const LOOK_NS_MAX = 20_000_000;
/** The same for what a program hardly ever changes without a step: every step brings a look of its own. */
const LOOK_BESIDE_STEPS_NS_MIN = 1_000_000;

/** Knows when the conditions of a plan become true. */
export class ConditionWatch {
  readonly #world: RunWorld;
  readonly #host: (volume: string) => Host;
  readonly #stepListeners = new Set<(system: string, name: string, volume: string) => void>();

  constructor(world: RunWorld, host: (volume: string) => Host) {
    this.#world = world;
    this.#host = host;
  }

  /** Calls `listener` at every step of a program; the function returned ends that. */
  onStep(listener: () => void): () => void {
    this.#stepListeners.add(listener);
    return () => this.#stepListeners.delete(listener);
  }

  /** A system's program logged a step, of that volume if it is of one. */
  step(system: string, name: string, volume = ""): void {
    for (const listener of [...this.#stepListeners]) listener(system, name, volume);
  }

  /**
   * Calls `onEnd` once: with true, or with false after `withinNs`. A moment (a step, a write, a frame) is
   * met within its own event; what has to be looked at, between two events soon after it becomes true.
   */
  arm(condition: Condition, withinNs: number, onEnd: (isTrue: boolean) => void): void {
    let cancelTimer: (() => void) | undefined;
    let stopListening: (() => void) | undefined;
    let ended = false;
    const end = (isTrue: boolean): void => {
      if (ended) return;
      ended = true;
      cancelTimer?.();
      stopListening?.();
      onEnd(isTrue);
    };
    switch (condition.kind) {
      case "engine-step":
        stopListening = this.#onEngineStep(condition.system, condition.name, condition.nth, () => end(true));
        cancelTimer = this.#world.after(withinNs, () => end(false));
        return;
      case "written":
        this.#onWritten(condition.volume, condition.moment, condition.nth, () => end(true));
        cancelTimer = this.#world.after(withinNs, () => end(false));
        return;
      case "disk-write":
        stopListening = this.#onDiskWrite(condition.disk, condition.nth, () => end(true));
        cancelTimer = this.#world.after(withinNs, () => end(false));
        return;
      case "sent":
        stopListening = this.#onSent(condition, () => end(true));
        cancelTimer = this.#world.after(withinNs, () => end(false));
        return;
      case "connected":
      case "down":
      case "image":
      case "journal":
      case "progress":
      case "restored":
      case "status": {
        if (this.isTrue(condition)) {
          end(true);
          return;
        }
        const stopLooking = this.#keepLooking(condition, withinNs, end);
        const stopHearing = this.#onRestored(condition, () => end(true));
        stopListening = () => {
          stopLooking();
          stopHearing();
        };
      }
    }
  }

  /** Looks again and again until the condition is true, or `withinNs` are over; the function returned ends that. */
  #keepLooking(condition: Condition, withinNs: number, end: (isTrue: boolean) => void): () => void {
    const startNs = this.#world.nowNs();
    const followsSteps = condition.kind === "connected" || condition.kind === "status";
    const lookNsMin = followsSteps ? LOOK_BESIDE_STEPS_NS_MIN : LOOK_NS_MIN;
    let looksNow = false;
    const lookAfter = (delayNs: number): (() => void) => this.#world.after(delayNs, look);
    const look = (): void => {
      looksNow = false;
      if (this.isTrue(condition)) {
        end(true);
        return;
      }
      const passedNs = this.#world.nowNs() - startNs;
      if (passedNs >= withinNs) {
        end(false);
        return;
      }
      const nextNs = Math.min(LOOK_NS_MAX, Math.max(lookNsMin, Math.floor(passedNs / 64)));
      cancelTimer = lookAfter(Math.min(nextNs, withinNs - passedNs));
    };
    let cancelTimer = lookAfter(Math.min(lookNsMin, withinNs));
    if (!followsSteps) return () => cancelTimer();
    // In an event of its own: within the step the program may have done half of what it is about to do.
    const stopListening = this.onStep(() => {
      if (looksNow) return;
      looksNow = true;
      cancelTimer();
      cancelTimer = lookAfter(0);
    });
    return () => {
      cancelTimer();
      stopListening();
    };
  }

  /** A restore that is through has come as far as any condition wants, though nobody saw it on its way. */
  #onRestored(condition: Condition, onTrue: () => void): () => void {
    if (condition.kind !== "progress" || condition.of !== "restore") return () => {};
    const listener = (_system: string, name: string, volume: string): void => {
      if (name === "restore.done" && volume === condition.volume) onTrue();
    };
    this.#stepListeners.add(listener);
    return () => this.#stepListeners.delete(listener);
  }

  /** Whether a condition that can be looked at is true now; a moment (a step, a write, a frame) never is. */
  isTrue(condition: Condition): boolean {
    switch (condition.kind) {
      case "disk-write":
      case "engine-step":
      case "sent":
      case "written":
        return false;
      case "down":
        return this.#world.system(condition.system).state === "down";
      case "connected": {
        const reports = this.#reports(condition.pair);
        return reports.length === 2 && reports.every(({ connected }) => connected);
      }
      case "progress":
        if (condition.of === "restore") {
          const restores = this.#serving(condition.volume)?.restores() ?? [];
          return restores.some(
            ({ volume, doneTracks, totalTracks }) =>
              volume === condition.volume && doneTracks >= condition.fraction * totalTracks,
          );
        }
        return this.#reports(condition.pair).some(
          ({ progress }) => progress !== undefined && progress.done >= condition.fraction * progress.total,
        );
      case "restored": {
        const serving = this.#serving(condition.volume);
        return serving !== undefined && serving.restores().every(({ volume }) => volume !== condition.volume);
      }
      case "image": {
        const images = this.#serving(condition.volume)?.images() ?? [];
        return images.some(({ volume, state }) => volume === condition.volume && state === condition.state);
      }
      case "journal": {
        const { state, entriesMin = 0, oldestLsnMin = 0 } = condition;
        const journal = this.#serving(condition.volume)
          ?.journals()
          .find(({ volume }) => volume === condition.volume);
        if (journal === undefined || (state !== undefined && journal.state !== state)) return false;
        return journal.newestLsn - journal.oldestLsn >= entriesMin && journal.oldestLsn >= oldestLsnMin;
      }
      case "status": {
        const reports = this.#reports(condition.pair);
        const ends = condition.at === "both" ? reports : reports.filter(({ role }) => role === condition.at);
        const servingCount = this.#world.systems.filter(({ serving }) => serving !== undefined).length;
        // A system that does not know the pair has a simplex volume.
        if (condition.status === "SIMPLEX") {
          return servingCount > 0 && ends.every(({ status }) => status === "SIMPLEX");
        }
        return (
          ends.length >= (condition.at === "both" ? 2 : 1) && ends.every(({ status }) => status === condition.status)
        );
      }
    }
  }

  /** What the serving systems say of the pair, one report an end; both are of one system in a local mirror. */
  #reports(pair: string): PairReport[] {
    return this.#world.systems.flatMap(({ serving }) =>
      (serving?.pairs() ?? []).filter((report) => report.pair === pair),
    );
  }

  /** The program of the volume's system, while it serves. */
  #serving(volume: string): TargetSystem | undefined {
    return this.#world.systemOfVolume(volume).serving;
  }

  #onEngineStep(system: string, name: string, nth: number, onTrue: () => void): () => void {
    let count = 0;
    const listener = (stepSystem: string, stepName: string): void => {
      if (stepSystem === system && stepName === name && ++count === nth) onTrue();
    };
    this.#stepListeners.add(listener);
    return () => this.#stepListeners.delete(listener);
  }

  #onDiskWrite(disk: string, nth: number, onTrue: () => void): () => void {
    let count = 0;
    return this.#world.onDiskRequest(disk, (request) => {
      if (request !== "read" && ++count === nth) onTrue();
    });
  }

  #onSent({ link, system, nth }: SentCondition, onTrue: () => void): () => void {
    let count = 0;
    return this.#world.system(system).onSent((name) => {
      if (name === link && ++count === nth) onTrue();
    });
  }

  #onWritten(volume: string, moment: "issued" | "acknowledged", nth: number, onTrue: () => void): void {
    const host = this.#host(volume);
    const count = (): number => (moment === "issued" ? host.issuedWrites : host.acknowledgedWrites);
    const goal = count() + nth;
    host.onWritten(() => {
      if (count() === goal) onTrue();
    });
  }
}
