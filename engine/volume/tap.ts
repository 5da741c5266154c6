import type { Bitmap } from "./bitmap.ts";
import type { Access, Update } from "./volume.ts";

/**
 * Something that takes part in every change of a volume: a mirror, an image, a journal, a restore.
 * The volume calls the methods in the order in which they stand here, once a change; tracks run from
 * `first` to `last`, both included, rounded outward (rule 4). By itself a tap allows everything and
 * asks for nothing.
 */
export abstract class Tap {
  /** What a host may do, as far as this is concerned. */
  access(): Access {
    return "read-write";
  }

  /** Whether it copies whole tracks while they change, so that a change must lock them whole. */
  get locksTracks(): boolean {
    return false;
  }

  /** What hosts must wait for before they may do anything; `undefined` for nothing. */
  holding(): Promise<void> | undefined {
    return undefined;
  }

  /** A change of these tracks begins; {@link end} follows, whatever becomes of it. The range is locked. */
  begin(_first: number, _last: number): void {}

  /**
   * Whether this hears of a change before all others, because it may first make one of its own: behind a
   * journal, say, that would wait for the number of the change that waits for it.
   */
  get comesFirst(): boolean {
    return false;
  }

  /**
   * What must be durable before any byte is written (rule 3): a mark, the old content, the journal
   * entry; `undefined` if it is.
   * @throws DiskError: the data is not written
   */
  prepare(_update: Update, _first: number, _last: number): Promise<void> | undefined {
    return undefined;
  }

  /**
   * What a change must wait for before it may go on; `undefined` for nothing. Asked again after every
   * wait, until no tap has anything to wait for: then {@link commit} follows in the same step.
   */
  ready(_payloadBytes: number, _update: Update): Promise<unknown> | undefined {
    return undefined;
  }

  /**
   * The change happens now: the local write starts in this very step. Never waits.
   * @returns settles when the change may be acknowledged; `undefined` if at once
   */
  commit(_update: Update, _first: number, _last: number): Promise<void> | undefined {
    return undefined;
  }

  /** What was prepared and will not happen: it was refused. Durable when it settles. */
  abandon(_update: Update): Promise<void> | undefined {
    return undefined;
  }

  /**
   * The local disk has the change, volatile. @returns what the acknowledgement waits for; `undefined` for nothing.
   * What {@link comesFirst} may reject, before any other hears of this: then all hear that the change {@link failed}.
   */
  written(_update: Update, _first: number, _last: number): Promise<void> | undefined {
    return undefined;
  }

  /** A local disk refused the change, or what it takes to acknowledge it: the range may hold old or new. */
  failed(_first: number, _last: number, _update: Update): void {}

  /** The change is over. `tick` is the volume's count of local writes, this one included. */
  end(_first: number, _last: number, _tick: number): void {}

  /** What must happen before these tracks are read from the local disk; `undefined` for nothing. @throws DiskError */
  prepareRead(_first: number, _last: number): Promise<void> | undefined {
    return undefined;
  }

  /** A host's flush. @returns settles when the rest of what was acknowledged is durable; `undefined` for nothing */
  flush(): Promise<void> | undefined {
    return undefined;
  }

  /** After the disks of a host's flush: what must be durable before it is acknowledged. */
  readyToPromise(): Promise<void> | undefined {
    return undefined;
  }

  /** A checkpoint begins: what would be needed to forget active tracks is started. */
  flushBehind(): void {}

  /** The volume was flushed: tracks that are durable on both sides are forgotten. */
  retire(): void {}

  /** Durable marks that nothing needs are cleared. @param _isCold also those of {@link isWarm}. @throws DiskError */
  sweep(_isCold: boolean): Promise<void> | undefined {
    return undefined;
  }

  /** Whether durable marks are kept that nothing needs but the next change there. */
  get isWarm(): boolean {
    return false;
  }

  /** Tracks that a checkpoint would make this forget. */
  get activeCount(): number {
    return 0;
  }

  /** The volume takes over other content from here on: its mirrors are no moment of it until {@link rewriteEnds}. */
  rewriteBegins(): void {}

  /** The volume has all of the content that it took over. */
  rewriteEnds(): void {}

  /** Whether the volume holds a part of one moment and a part of another, as far as this knows. */
  get isMixture(): boolean {
    return false;
  }

  /** Whether the volume's content may change at once, without this hearing of each change: {@link exchanged} tells it. */
  get allowsExchange(): boolean {
    return false;
  }

  /**
   * These tracks are about to change at once; nothing is under way. Durable when it settles. {@link exchangeEnds}
   * follows, whatever becomes of it. @throws DiskError
   */
  prepareExchange(_tracks: Bitmap): Promise<void> | undefined {
    return undefined;
  }

  /** These tracks have changed at once, durably. @returns what the answer to the operator waits for; `undefined` for nothing */
  exchanged(_tracks: Bitmap): Promise<void> | undefined {
    return undefined;
  }

  /** What {@link prepareExchange} was told of has happened, or will not. */
  exchangeEnds(): void {}

  /** Tracks whose content, as a host sees it, is not on the local disk yet. */
  *displaced(): Iterable<number> {}
}

/** Other content is on its way into the volume: what is on its disk no host ever saw. */
export function isMixture(taps: readonly Tap[]): boolean {
  return taps.some((tap) => tap.isMixture);
}

/** What some tap must wait for before a change may go on; `undefined` if every tap says "go". */
export function notReady(taps: readonly Tap[], payloadBytes: number, update: Update): Promise<unknown> | undefined {
  for (const tap of taps) {
    const wait = tap.ready(payloadBytes, update);
    if (wait !== undefined) return wait;
  }
  return undefined;
}
