import type { PlannedScenario } from "../history/qualification.ts";
import type { Plan } from "../plan/plan.ts";
import type { Topology } from "../plan/topology.ts";
import { neededCapabilities } from "../run/needed-capabilities.ts";
import type { Profile } from "./profiles.ts";

/** A scenario that may be of a profile. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly requirements: readonly string[];
  readonly plan: Plan;
}

/** Those that exercise a requirement of the profile, and need nothing that other profiles are about. */
export function choose(candidates: readonly Candidate[], profile: Profile): PlannedScenario[] {
  const foreign = new Set<string>(profile.without);
  return candidates
    .map(plannedOf)
    .filter(
      ({ requirements, needs }) =>
        requirements.some((id) => id in profile.levels) && !needs.some((need) => foreign.has(need)),
    );
}

/** What a report tells of a scenario. */
export function plannedOf({ id, name, requirements, plan }: Candidate): PlannedScenario {
  return { id, name, requirements, needs: [...neededCapabilities(plan)].toSorted(), topology: linesOf(plan.topology) };
}

/** A line a mirror, and one for the volumes that are none of its ends. */
function linesOf({ systems, pairs, latencyUs }: Topology): string[] {
  const volumes = systems.flatMap(({ name: system, volumes: own }) => own.map((volume) => ({ system, ...volume })));
  const place = (name: string): string => `${volumes.find((volume) => volume.name === name)?.system ?? ""}/${name}`;
  const lines = pairs.map(({ primary, secondary, link, mode }) => {
    const { sizeBytes = 0, trackBytes = 0 } = volumes.find(({ name }) => name === primary) ?? {};
    const way = link === undefined ? "local" : `${mode}, ${latencyUs / 1000} ms away`;
    return `${place(primary)} to ${place(secondary)}: ${way}; ${bytes(sizeBytes)}, tracks of ${bytes(trackBytes)}`;
  });
  const mirrored = new Set(pairs.flatMap(({ primary, secondary }) => [primary, secondary]));
  const others = volumes.filter(({ name }) => !mirrored.has(name)).map(({ name }) => place(name));
  return others.length === 0 ? lines : [...lines, `for images and journals: ${others.join(", ")}`];
}

function bytes(count: number): string {
  for (const [unit, size] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const)
    if (count >= size && count % size === 0) return `${count / size} ${unit}`;
  return `${count} B`;
}
