import { z } from "zod";
import { planSchema } from "./plan.ts";

/** The published schema of plans, as JSON Schema 2020-12. Names and ranges are checked by `parsePlan` besides. */
export function planJsonSchema(): Record<string, unknown> {
  return { title: "resilver plan", ...z.toJSONSchema(planSchema) };
}
