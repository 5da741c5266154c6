import type { StatusDocument } from "./status-schema.ts";

/** One step of the log. */
export interface StepEvent {
  /** Counts the steps of this program, from 0. */
  readonly n: number;
  /** On the monotonic clock. */
  readonly atNs: number;
  readonly name: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** What a listener gets. `lagged`: so many steps were left out here, because they were not fetched in time. */
export type FeedItem =
  | { readonly kind: "step"; readonly step: StepEvent }
  | { readonly kind: "status"; readonly status: StatusDocument }
  | { readonly kind: "lagged"; readonly dropped: number };

/** Steps that one listener may have waiting. */
export const FEED_STEPS_MAX = 4096;

/**
 * What one listener has not fetched yet: bounded. When it is full the waiting steps are thrown away and
 * counted; of the statuses only the latest waits.
 */
export class EventFeed {
  #steps: StepEvent[] = [];
  #status: StatusDocument | undefined;
  #dropped = 0;
  #closed = false;
  #wake: () => void = () => {};
  readonly #onClose: (feed: EventFeed) => void;

  /** @param dropped steps that were lost before it began */
  constructor(earlier: readonly StepEvent[], dropped: number, onClose: (feed: EventFeed) => void) {
    this.#steps = [...earlier];
    this.#dropped = dropped;
    this.#onClose = onClose;
  }

  step(event: StepEvent): void {
    if (this.#steps.length >= FEED_STEPS_MAX) {
      this.#dropped += this.#steps.length;
      this.#steps = [];
    }
    this.#steps.push(event);
    this.#wake();
  }

  status(status: StatusDocument): void {
    this.#status = status;
    this.#wake();
  }

  /** Ends it: what waits is thrown away. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#steps = [];
    this.#status = undefined;
    this.#onClose(this);
    this.#wake();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Everything that waits, as soon as there is something; nothing after `timeoutMs`. One call at a time. */
  async take(timeoutMs: number): Promise<readonly FeedItem[]> {
    if (this.#steps.length === 0 && this.#status === undefined && this.#dropped === 0 && !this.#closed)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    const items: FeedItem[] = [];
    if (this.#dropped > 0) items.push({ kind: "lagged", dropped: this.#dropped });
    for (const step of this.#steps) items.push({ kind: "step", step });
    if (this.#status !== undefined) items.push({ kind: "status", status: this.#status });
    this.#dropped = 0;
    this.#steps = [];
    this.#status = undefined;
    return items;
  }
}
