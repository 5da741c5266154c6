/**
 * A toxic at work. An update decodes into it while it runs, before it interrupts: what a run reads after that is new,
 * even if it began before.
 */
export interface LiveToxic<T> {
  readonly toxic: T;
}
