import { z } from "zod";
import type { DiskFaultTrigger } from "../world/world.ts";
import { lengthBytesSchema, offsetBytesSchema } from "./bounds.ts";

export type DiskRequestKind = "read" | "write" | "flush";

export const requestKindsSchema = z
  .array(z.enum(["read", "write", "flush"]))
  .min(1)
  .max(3);

/** The fields that every disk fault has. */
export const triggerShape = {
  range: z.strictObject({ offsetBytes: offsetBytesSchema, lengthBytes: lengthBytesSchema }).exactOptional(),
  nth: z.number().int().min(1).max(1_000_000).exactOptional(),
  count: z.number().int().min(1).max(1_000_000).exactOptional(),
  probability: z.number().min(0).max(1).exactOptional(),
};

/** The trigger alone, without the fields of the fault. */
export function triggerOf(params: DiskFaultTrigger): DiskFaultTrigger {
  return {
    ...(params.range === undefined ? {} : { range: params.range }),
    ...(params.nth === undefined ? {} : { nth: params.nth }),
    ...(params.count === undefined ? {} : { count: params.count }),
    ...(params.probability === undefined ? {} : { probability: params.probability }),
  };
}
