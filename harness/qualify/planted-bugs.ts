import { z } from "zod";
import type { PlantedBugResult } from "../history/qualification.ts";

export const plantedBugSchema: z.ZodType<PlantedBugResult> = z.object({
  number: z.int(),
  mechanism: z.string(),
  isFound: z.boolean(),
  rules: z.array(z.string()),
  medianSeeds: z.number().nullable(),
  medianSeconds: z.number().nullable(),
});

/** What `npm run -s bugs -- --json` prints, as far as a report tells of it. */
export const plantedBugsSchema: z.ZodType<{ readonly bugs: readonly PlantedBugResult[] }> = z.object({
  schemaVersion: z.literal(2),
  bugs: z.array(plantedBugSchema),
});
