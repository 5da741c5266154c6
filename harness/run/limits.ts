/** Bounds of one run. */
export interface RunLimits {
  readonly eventsMax: number;
  readonly virtualMsMax: number;
  /** Events kept for the report of a difference; beyond, only the hash goes on. */
  readonly retainEvents: number;
}

export const DEFAULT_LIMITS: RunLimits = {
  eventsMax: 50_000_000,
  virtualMsMax: 3_600_000,
  retainEvents: 1_000_000,
};
