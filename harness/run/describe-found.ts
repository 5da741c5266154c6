import type { Condition } from "../plan/condition.ts";
import type { PairReport, TargetSystem } from "../target/target.ts";

type Witness = Pick<TargetSystem, "pairs" | "images" | "journals">;

/** What there is in place of a state that a condition asks for, for people: `; found SPLIT (link) at the primary`. */
export function describeFound(
  condition: Condition,
  world: { readonly systems: readonly { readonly serving: Witness | undefined }[] },
): string {
  const found = look(
    condition,
    world.systems.flatMap(({ serving }) => serving ?? []),
  );
  if (found === undefined) return "";
  return `; found ${found.length === 0 ? "no system that serves and knows of it" : found.join(", ")}`;
}

/** `undefined`: the condition's own words say all. */
function look(condition: Condition, systems: readonly Witness[]): readonly string[] | undefined {
  switch (condition.kind) {
    case "status":
      return reports(condition.pair, systems).map(
        ({ role, status, suspension }) => `${status}${suspension === "" ? "" : ` (${suspension})`} at the ${role}`,
      );
    case "connected":
      return reports(condition.pair, systems).map(
        ({ role, connected }) => `the ${role} ${connected ? "connected" : "not connected"}`,
      );
    case "image":
      return systems
        .flatMap((system) => system.images())
        .filter(({ volume }) => volume === condition.volume)
        .map(({ state }) => state);
    case "journal":
      return systems
        .flatMap((system) => system.journals())
        .filter(({ volume }) => volume === condition.volume)
        .map(({ state, oldestLsn, newestLsn }) => `${state}, entries ${oldestLsn} to ${newestLsn}`);
    default:
      return undefined;
  }
}

function reports(pair: string, systems: readonly Witness[]): readonly PairReport[] {
  return systems.flatMap((system) => system.pairs()).filter((report) => report.pair === pair);
}
