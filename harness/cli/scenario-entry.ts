/** One shipped scenario, as the command line knows it. */
export interface ScenarioEntry {
  /** Path in `scenarios/` without `.ts`, forward slashes. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly requirements: readonly string[];
  /** Plain data; whoever runs it validates it. */
  readonly plan: unknown;
}

/** The shipped scenarios. Loading one does not load the others. */
export interface ScenarioCatalogue {
  /** Sorted by the code units of the id. */
  ids(): readonly string[];
  /** @throws if there is no such scenario or its file is broken: our own mistake, not the caller's. */
  load(id: string): Promise<ScenarioEntry>;
}
