import { z } from "zod";
import { requestKindsSchema, triggerShape } from "../../../fault/disk-trigger.ts";
import type { DiskFault } from "../../world.ts";
import type { DiskSpec } from "./fault-disk.ts";

const bytes = z.number().int().min(0);
const name = z.string().min(1).max(200);

export const diskSpecSchema: z.ZodType<DiskSpec> = z.strictObject({
  name,
  group: name,
  sizeBytes: bytes.multipleOf(512).min(512),
  seed: z.number(),
  cacheBytes: bytes.min(65_536).exactOptional(),
});

/** As the world has it; the disk checks ranges and counts. */
export const diskFaultSchema: z.ZodType<DiskFault> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("eio"), on: requestKindsSchema, ...triggerShape }),
  z.strictObject({ kind: z.literal("enospc"), ...triggerShape }),
  z.strictObject({ kind: z.literal("lost-write"), ...triggerShape }),
  z.strictObject({ kind: z.literal("misdirected-write"), toOffsetBytes: bytes, ...triggerShape }),
  z.strictObject({ kind: z.literal("bit-flip"), bitIndex: bytes, ...triggerShape }),
  z.strictObject({ kind: z.literal("bit-rot"), bits: z.number().int().min(1).max(1_000_000), ...triggerShape }),
  z.strictObject({ kind: z.literal("stall"), on: requestKindsSchema, ...triggerShape }),
  z.strictObject({ kind: z.literal("torn-write"), sectors: bytes, ...triggerShape }),
]);

export const contentQuerySchema = z.object({
  offsetBytes: z.coerce.number().int().min(0).multipleOf(512),
  lengthBytes: z.coerce
    .number()
    .int()
    .min(512)
    .max(16 * 1024 * 1024)
    .multipleOf(512),
  version: z.enum(["visible", "durable", "pristine"]).default("visible"),
});

export const eventsQuerySchema = z.object({
  after: z.coerce.number().int().min(0),
  waitMs: z.coerce.number().int().min(0).max(30_000),
});
