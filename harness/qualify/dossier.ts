import { z } from "zod";
import type { Dossier, Waiver } from "../history/qualification.ts";

const text = z.string().min(1).max(2000);

export const waiverSchema: z.ZodType<Waiver> = z.strictObject({ requirement: text, reason: text, by: text });

/** What `--dossier` reads. */
export const dossierSchema: z.ZodType<Dossier> = z.strictObject({
  vendor: text,
  product: text,
  version: text,
  build: text.optional().describe("Identifies what is tested: a digest, a build number"),
  interface: text.optional().describe("How hosts reach its volumes"),
  laboratory: text.optional().describe("Who tests"),
  runner: text.optional().describe("Who ran the tests"),
  verifier: text.optional().describe("Who looked at the results"),
  confidentiality: text.optional(),
  validDays: z.int().min(1).max(3650).optional().describe("How long the report holds; for ever without"),
  response: text.optional().describe("What the vendor answers to failures"),
  waivers: z.array(waiverSchema).max(100).optional().describe("Requirements whose failure somebody accepts"),
});

/** The JSON Schema of a dossier, draft 2020-12. */
export function dossierJsonSchema(): unknown {
  return z.toJSONSchema(dossierSchema, { target: "draft-2020-12" });
}
