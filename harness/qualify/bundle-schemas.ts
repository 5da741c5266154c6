import { z } from "zod";
import {
  LEVELS,
  QUALIFICATION_VERDICTS,
  type Qualification,
  type QualificationPlan,
} from "../history/qualification.ts";
import { INVARIANTS, RECOVERY_MEASURES, VERDICTS, WORLD_KINDS } from "../history/run-record.ts";
import { failureSchema, pairContentsSchema, struckSchema } from "../history/run-record-schema.ts";
import { dossierSchema, waiverSchema } from "./dossier.ts";
import { plantedBugSchema } from "./planted-bugs.ts";

// What the documents of a bundle have to be before anything is concluded from them. Later versions may add fields.

const text = z.string();
const count = z.int().nonnegative();
const figure = z.number().nonnegative();
const seed = z.int().min(0).max(0xffff_ffff);
const world = z.enum(WORLD_KINDS);
const verdict = z.enum(VERDICTS);
const runs = z.partialRecord(verdict, count);
const digest = z.string().regex(/^[0-9a-f]{64}$/u, "64 hexadecimal digits");

const scenarioSchema = z.looseObject({
  id: z.string().min(1),
  name: text,
  requirements: z.array(text),
  needs: z.array(text),
  topology: z.array(text),
});

const planHead = {
  createdAt: z.iso.datetime(),
  suite: z.looseObject({ version: text, harness: text, engine: text }),
  target: z.looseObject({ name: text, digest: text, capabilities: z.array(text) }),
  profile: text,
  seeds: z.looseObject({ sim: z.array(seed), containers: z.array(seed) }),
  environment: z.array(z.tuple([text, text])),
  dossier: dossierSchema,
};

/** `evidence/qualification-plan.json`. */
export const qualificationPlanSchema = z.looseObject({
  schemaVersion: z.literal(1),
  ...planHead,
  scenarios: z.array(scenarioSchema),
  canaries: z.array(scenarioSchema),
}) satisfies z.ZodType<QualificationPlan>;

/** `qualification.json`. */
export const qualificationSchema = z.looseObject({
  schemaVersion: z.literal(1),
  id: text,
  plan: z.looseObject(planHead),
  profile: z.looseObject({ name: text, title: text, requires: z.array(text) }),
  verdict: z.enum(QUALIFICATION_VERDICTS),
  reasons: z.array(text),
  conditions: z.array(text),
  validUntil: z.iso.date().optional(),
  counts: runs,
  requirements: z.array(
    z.looseObject({
      id: text,
      title: text,
      level: z.enum(LEVELS),
      verdict,
      scenarios: z.array(text),
      waiver: waiverSchema.optional(),
    }),
  ),
  scenarios: z.array(
    scenarioSchema.extend({
      missing: z.array(text),
      verdict,
      cells: z.array(z.looseObject({ world, verdict, runs, evidence: text, note: text.optional() })),
    }),
  ),
  orphanRequirements: z.array(text),
  exclusions: z.array(z.looseObject({ id: text, title: text, reason: text })),
  faults: z.array(
    z.looseObject({
      kind: text,
      world,
      scenarios: count,
      injected: count,
      effective: count,
      struck: struckSchema.optional(),
    }),
  ),
  invariants: z.array(z.looseObject({ invariant: z.enum(INVARIANTS), checks: count, runs: count, broken: count })),
  objectives: z.array(
    z.looseObject({
      measure: z.enum(RECOVERY_MEASURES),
      fault: text,
      world,
      unit: z.enum(["ms", "bytes"]),
      count,
      p50: figure,
      p95: figure,
      max: figure,
    }),
  ),
  selfTest: z.looseObject({
    canaries: z.array(z.looseObject({ id: text, name: text, found: count, runs: count })),
    repeated: count,
    same: count,
    plantedBugs: z.array(plantedBugSchema).optional(),
  }),
  failures: z.array(z.looseObject({ scenario: text, world, seed, verdict, failure: failureSchema, replay: text })),
  statistics: z.looseObject({
    runs: count,
    distinctHistories: count,
    events: count,
    virtualMs: figure,
    wallMs: figure,
    failureShareBelow: figure.optional(),
  }),
  contents: z.array(pairContentsSchema.extend({ scenario: text, world, seed })).optional(),
  evidence: z.looseObject({
    merkleRoot: digest,
    files: z.array(z.looseObject({ path: text, mediaType: text, sizeBytes: count, sha256: digest })),
  }),
}) satisfies z.ZodType<Qualification>;
