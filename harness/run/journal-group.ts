import type { Topology } from "../plan/topology.ts";

/** Journals of one system that count by one clock, and go back to a moment together. */
export interface JournalGroup {
  readonly group: string;
  /** In the order of the topology. */
  readonly volumes: readonly string[];
}

/** The group of the journal of `volume`; `undefined` if it is of none, or the volume has none. */
export function journalGroupOf(volume: string, { systems }: Pick<Topology, "systems">): JournalGroup | undefined {
  for (const { journals = [] } of systems) {
    const group = journals.find((journal) => journal.volume === volume)?.group;
    if (group === undefined) continue;
    return { group, volumes: journals.filter((one) => one.group === group).map((one) => one.volume) };
  }
  return undefined;
}
