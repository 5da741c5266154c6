import { z } from "zod";
import { diskNameSchema, durationMsSchema, lengthBytesSchema, nameSchema, offsetBytesSchema } from "../fault/bounds.ts";
import { faultSchema } from "../fault/index.ts";
import { adminStepSchemas } from "./admin-step.ts";
import { conditionSchema } from "./condition.ts";
import { fileStepSchemas } from "./file-step.ts";
import type { Step } from "./step.ts";

/** Steps in a plan, those inside other steps included. */
export const STEPS_MAX = 10_000;
/** One host request: at most 8 MiB. */
const requestBytesSchema = lengthBytesSchema.max(8 * 1024 * 1024);
const fractionSchema = z.number().min(0).max(1);
const requestShape = { volume: nameSchema, offsetBytes: offsetBytesSchema, lengthBytes: requestBytesSchema };

const writeSchema = z.strictObject({
  kind: z.literal("write"),
  ...requestShape,
  fua: z.boolean().exactOptional(),
});

const workloadSchema = z.strictObject({
  kind: z.literal("workload"),
  volume: nameSchema,
  writes: z.number().int().min(1).max(1_000_000),
  partialTrack: fractionSchema.exactOptional(),
  flushEvery: z.number().int().min(1).max(1_000_000).exactOptional(),
  fua: fractionSchema.exactOptional(),
  trim: fractionSchema.exactOptional(),
  reads: z.number().min(0).max(100).exactOptional(),
  bytesMax: requestBytesSchema.exactOptional(),
  concurrency: z.number().int().min(1).max(64).exactOptional(),
  range: z.strictObject({ offsetBytes: offsetBytesSchema, lengthBytes: lengthBytesSchema }).exactOptional(),
  thinkUsMax: z.number().int().min(0).max(10_000_000).exactOptional(),
  onGone: z.enum(["continue", "stop"]).exactOptional(),
  lastsMs: durationMsSchema.exactOptional(),
});

const traceSchema = z.strictObject({
  kind: z.literal("trace"),
  volume: nameSchema,
  name: nameSchema,
  entries: z
    .strictObject({
      from: z
        .number()
        .int()
        .min(0)
        .max(2 ** 40),
      to: z
        .number()
        .int()
        .min(1)
        .max(2 ** 40),
    })
    .refine((entries) => entries.from < entries.to, { path: ["to"], error: "must be above from" })
    .exactOptional(),
  onGone: z.enum(["stop", "repeat"]).exactOptional(),
});

const codeSchema = z.string().regex(/^[A-Z][A-Z0-9_]{0,31}$/);

const stepsSchema = z
  .array(z.lazy(() => stepSchema))
  .min(1)
  .max(STEPS_MAX);

/** Any step; depth and number of steps are bounded by `parsePlan`. */
export const stepSchema: z.ZodType<Step> = z.discriminatedUnion("kind", [
  writeSchema,
  z.strictObject({
    kind: z.literal("fill"),
    volume: nameSchema,
    label: z.string().min(1).max(64),
    chunkBytes: requestBytesSchema,
  }),
  z.strictObject({ kind: z.literal("read"), ...requestShape }),
  z.strictObject({ kind: z.literal("flush"), volume: nameSchema }),
  z.strictObject({ kind: z.literal("trim"), ...requestShape }),
  z.strictObject({ kind: z.literal("write-zeroes"), ...requestShape }),
  workloadSchema,
  traceSchema,
  z.strictObject({ kind: z.literal("inject"), fault: faultSchema, label: nameSchema.exactOptional() }),
  z.strictObject({ kind: z.literal("heal"), label: diskNameSchema }),
  z.strictObject({ kind: z.literal("restart"), system: nameSchema }),
  ...adminStepSchemas,
  ...fileStepSchemas,
  z.strictObject({ kind: z.literal("mark"), label: nameSchema, volumes: z.array(nameSchema).min(1).max(64) }),
  z.strictObject({ kind: z.literal("read-image"), volume: nameSchema }),
  z.strictObject({
    kind: z.literal("steady"),
    pairs: z.array(nameSchema).min(1).max(64),
    withinMs: durationMsSchema,
  }),
  z.strictObject({ kind: z.literal("wait"), condition: conditionSchema, withinMs: durationMsSchema }),
  z.strictObject({ kind: z.literal("together"), steps: stepsSchema }),
  z.strictObject({ kind: z.literal("sequence"), steps: stepsSchema }),
  z.strictObject({
    kind: z.literal("when"),
    condition: conditionSchema,
    steps: stepsSchema,
    withinMs: durationMsSchema,
  }),
  z.strictObject({ kind: z.literal("after"), delayMs: durationMsSchema, steps: stepsSchema }),
  z.strictObject({ kind: z.literal("repeat"), times: z.number().int().min(1).max(1_000), steps: stepsSchema }),
  z.strictObject({
    kind: z.literal("expect-refused"),
    step: z.lazy(() => stepSchema),
    code: codeSchema,
  }),
  z.strictObject({
    kind: z.literal("attempt"),
    step: z.lazy(() => stepSchema),
    codes: z.array(codeSchema).min(1).max(16),
  }),
  z.strictObject({
    kind: z.literal("link-bytes"),
    link: nameSchema,
    bytesMax: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    steps: stepsSchema,
  }),
  z.strictObject({ kind: z.literal("throughout"), condition: conditionSchema, steps: stepsSchema }),
]);
