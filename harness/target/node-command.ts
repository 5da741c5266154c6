import { z } from "zod";
import type { AdminCommand } from "./target.ts";

// The commands that a node may be given: those that its target declares.

const name = z.string().min(1);
const whole = z.number().int();
const point = z.union([z.strictObject({ lsn: whole }), z.strictObject({ timeUs: whole })]);
const groupPoint = z.union([z.strictObject({ volume: name, lsn: whole }), z.strictObject({ timeUs: whole })]);
const method = z.enum(["apply", "swap"]);

/** The body of `POST /v1/commands`. */
export const nodeCommandSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("create").describe("makes a pair and begins to copy; given at the primary"),
      pair: name,
      volume: name,
      link: name,
      peerVolume: name,
      mode: z.enum(["sync", "async"]),
      tracker: z.enum(["bitmap", "lsn"]).exactOptional(),
    }),
    z.strictObject({ kind: z.literal("create-local"), pair: name, volume: name, mirrorVolume: name }),
    z.strictObject({
      kind: z.literal("split").describe("suspends a pair until resync"),
      pair: name,
      secondary: z.enum(["read-only", "read-write"]).describe("what hosts may do there meanwhile"),
    }),
    z.strictObject({
      kind: z.literal("resync").describe("ends a suspension; what a secondary wrote is discarded"),
      pair: name,
      direction: z.enum(["forward", "reverse"]).exactOptional().describe("an operator's choice of the source"),
    }),
    z.strictObject({ kind: z.literal("takeover").describe("given at the secondary; the other end is gone"), pair: name }),
    z.strictObject({ kind: z.literal("failback").describe("swaps the roles of a DUPLEX pair"), pair: name }),
    z.strictObject({ kind: z.literal("delete"), pair: name, scope: z.enum(["both", "here"]) }),
    z.strictObject({ kind: z.literal("backup"), pairs: z.array(name), mirrors: z.array(name) }),
    z.strictObject({ kind: z.literal("restore"), pair: name, scope: z.enum(["changed", "all"]) }),
    z.strictObject({ kind: z.literal("rollback"), volume: name }),
    z.strictObject({ kind: z.literal("recover"), volume: name, to: point, method }),
    z.strictObject({
      kind: z.literal("recover-group"),
      group: name,
      volumes: z.array(name),
      to: groupPoint,
      method,
    }),
  ])
  .meta({ id: "Command" }) satisfies z.ZodType<AdminCommand>;
