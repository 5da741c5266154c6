import { nearNames } from "./near-names.ts";
import type { ScenarioEntry } from "./scenario-entry.ts";
import { quoted, UsageError } from "./usage-error.ts";

/**
 * The scenarios that any of `patterns` means, in the order of `entries`; all of them without a
 * pattern. A pattern is an id, a glob over ids (`*` and `?`), a part of an id, or a requirement.
 *
 * @throws UsageError if a pattern means none
 */
export function selectScenarios(entries: readonly ScenarioEntry[], patterns: readonly string[]): ScenarioEntry[] {
  if (patterns.length === 0) return [...entries];
  const chosen = new Set<ScenarioEntry>();
  for (const pattern of patterns) {
    const meant = matching(entries, pattern);
    if (meant.length === 0) throw noSuchScenario(entries, pattern);
    for (const entry of meant) chosen.add(entry);
  }
  return entries.filter((entry) => chosen.has(entry));
}

function matching(entries: readonly ScenarioEntry[], pattern: string): ScenarioEntry[] {
  const wanted = pattern.replace(/^(\.\/)?scenarios\//, "").replace(/\.ts$/, "");
  const exact = entries.filter((entry) => entry.id === wanted);
  if (exact.length > 0 || wanted === "") return exact;
  const required = entries.filter((entry) =>
    entry.requirements.some((requirement) => requirement.toLowerCase() === wanted.toLowerCase()),
  );
  if (required.length > 0) return required;
  if (/[*?]/.test(wanted)) {
    const glob = globToRegExp(wanted);
    return entries.filter((entry) => glob.test(entry.id));
  }
  return entries.filter((entry) => entry.id.includes(wanted));
}

// A star also passes slashes: ids are short, and "*cut*" is meant to find all cuts.
function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`);
}

function noSuchScenario(entries: readonly ScenarioEntry[], pattern: string): UsageError {
  const near = nearNames(
    pattern,
    entries.map((entry) => entry.id),
  );
  return new UsageError({
    place: "scenario",
    found: quoted(pattern),
    expected: `an id, a part of one, a glob or a requirement of the ${entries.length} scenarios of "resilver list"`,
    ...(near.length > 0 ? { remedy: `did you mean ${near.join(", ")}?` } : {}),
  });
}
