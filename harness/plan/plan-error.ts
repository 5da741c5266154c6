/** A plan that cannot be run. One line for people: where, what was found, what was expected. */
export class PlanError extends Error {
  /** `steps[2].link`. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;

  constructor(path: string, found: string, expected: string) {
    super(`plan: at ${path}: found ${found}, expected ${expected}`);
    this.name = "PlanError";
    this.path = path;
    this.found = found;
    this.expected = expected;
  }
}

/** `steps[2].fault.link` from `["steps", 2, "fault", "link"]`. @param whole what the empty path leads to */
export function formatPath(path: readonly PropertyKey[], whole = "the plan"): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text === "" ? whole : text;
}

/** A value in at most 60 characters. */
export function formatFound(value: unknown): string {
  if (value === undefined) return "nothing";
  // JSON has no word for Infinity, which 1e999 is read as.
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
