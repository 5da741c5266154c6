import type { Tap } from "./tap.ts";
import type { ChangeNumber, Update } from "./update.ts";

/** What a volume's journal does for those who know the volume only. */
export interface VolumeJournal {
  /** What it, and whoever has the change from it, call a change that happens now. */
  numberOf(update: Update): ChangeNumber;
  /** Goes back to a moment because the other end did. @throws EngineError, DiskError */
  recoverAsTold(number: ChangeNumber, method: "apply" | "swap", origin: Tap): Promise<void>;
  /**
   * Says that the volume holds a mixture from here on, or a moment again; without `mixed`, what its taps say.
   * Durable when it settles.
   */
  mark(mixed?: boolean): Promise<void>;
}
