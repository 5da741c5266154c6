import { z } from "zod";

/** A name in a plan: starts with a letter, so that no JSON reader takes it for an index. */
export const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, "a name: a letter, then up to 31 letters, digits or -");

/** A disk: a volume, or `<system>/meta`. */
export const diskNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}(\/meta)?$/, "a disk: the name of a volume, or <system>/meta");

/** Duration of anything in a plan: at most an hour. */
export const durationMsSchema = z.number().int().min(0).max(3_600_000);

/** An offset in a volume: whole sectors, below 1 TiB. */
export const offsetBytesSchema = z
  .number()
  .int()
  .min(0)
  .max(2 ** 40)
  .multipleOf(512);

/** One host request or a range: whole sectors, 512 bytes to 1 GiB. */
export const lengthBytesSchema = z
  .number()
  .int()
  .min(512)
  .max(2 ** 30)
  .multipleOf(512);

/** The direction of a link that a fault works on. */
export const directionSchema = z.enum(["upstream", "downstream"]);
