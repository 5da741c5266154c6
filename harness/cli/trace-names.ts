/**
 * The recorded traces that a plan replays, each once, in the order of its steps. The plan may be
 * unchecked: what has the form of a trace step counts.
 */
export function traceNames(plan: unknown): readonly string[] {
  const names = new Set<string>();
  // Plans are shallow (`STEP_DEPTH_MAX`), but an unchecked one need not be: no recursion.
  let level: unknown[] = [plan];
  while (level.length > 0) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      if ("kind" in value && value.kind === "trace" && "name" in value && typeof value.name === "string")
        names.add(value.name);
      next.push(...Object.values(value));
    }
    level = next;
  }
  return [...names];
}
