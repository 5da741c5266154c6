import { assert } from "../assert.ts";
import type { Tap } from "../volume/tap.ts";
import { requireBase, requireMoment, type GoingBack, VolumeRecovery } from "./volume-recovery.ts";

/**
 * Exchanges the volume for its base (JR-6): the base is brought to the moment, then one durable write exchanges
 * the disks. That takes a time that does not depend on the volume's size. In the background the old disk becomes
 * the next base. Earlier moments are gone with it.
 */
export class RecoveryBySwap extends VolumeRecovery {
  readonly method = "swap";
  #waits: readonly (Promise<void> | undefined)[] = [];

  /** Not if the moment lies on a branch that was left, or an image or a local mirror needs to hear of each track. */
  static isPossible({ journal, lsn }: GoingBack): boolean {
    return journal.parts.volume.taps.every((tap) => tap.allowsExchange) && journal.table.isOnWay(lsn);
  }

  /** Nobody gives the volume another role, or content, from here on. */
  override enter(): void {
    super.enter();
    this.going.journal.parts.volume.exchanging = true;
  }

  override leave(): void {
    super.leave();
    this.going.journal.parts.volume.exchanging = false;
  }

  protected override get lacking(): readonly Tap[] {
    const { journal, company } = this.going;
    return journal.parts.volume.taps.filter((tap) => tap !== company.told);
  }

  /** Hosts wait, for as long as the log is large. */
  protected override async prepareContent(): Promise<void> {
    const { journal, lsn } = this.going;
    requireMoment(this.going);
    await journal.fold.advanceTo(lsn);
    // The log may not hold any more what was to be folded.
    requireBase(journal);
    const { baseLsn, foldLsn } = journal.management.state;
    assert(baseLsn === lsn && foldLsn === lsn, "folding ends at the moment that is held");
  }

  override async goBack(): Promise<void> {
    const { journal } = this.going;
    await journal.exchangeDurably();
    this.lsn = journal.management.state.baseLsn;
  }

  override begin(): void {
    const { journal, lsn: to } = this.going;
    const { volume, runtime } = journal.parts;
    const { changed } = this;
    assert(changed !== undefined, "what differs is known before the exchange");
    journal.exchangeInMemory(changed);
    this.#waits = this.lacking.map((tap) => tap.exchanged(changed));
    journal.moments.giveUp(this.lsn);
    runtime.log.step("journal.swapped", { volume: volume.name, to, lsn: this.lsn });
  }

  override async followed(): Promise<void> {
    for (const wait of this.#waits) if (wait !== undefined) await wait;
  }

  override async run(): Promise<void> {
    this.going.journal.onStale();
  }
}
