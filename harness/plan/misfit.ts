import type { z } from "zod";
import { formatFound, formatPath } from "./plan-error.ts";

/** Where data is not as its schema says: `steps[2].link`, what is there, and what should be. */
export interface Misfit {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** The first place that is wrong. @param error of the schema about `data` @param whole what the data is */
export function misfitOf(data: unknown, { issues: [issue] }: z.ZodError, whole?: string): Misfit {
  if (issue === undefined) throw new Error("a failed parse without an issue");
  const { path } = issue;
  return { path: formatPath(path, whole), found: formatFound(valueAt(data, path)), expected: expectedOf(issue) };
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key) as unknown;
  }
  return value;
}

function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected;
    case "too_small":
      return `at least ${issue.minimum}`;
    case "too_big":
      return `at most ${issue.maximum}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "unrecognized_keys":
      return `no field ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    default:
      // A step, fault or condition of no kind that there is: the kinds.
      return issue.message.replace(/^Invalid discriminator value\. Expected /, "one of ").replaceAll(" | ", ", ");
  }
}
