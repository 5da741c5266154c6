import { z } from "zod";
import type { Command } from "../../controller/command.ts";
import { TRACKERS } from "../../mirror/intent-store.ts";
import { MODES } from "../../mirror/pair-entry.ts";

/** What an operator may ask for: `offer-moment` and `forget` go from one system to another only. */
export type OperatorCommand = Exclude<Command, { readonly kind: "offer-moment" | "forget" }>;

const name = z.string().min(1).max(1024);
const names = z.array(name).max(1024);
const whole = z.number().int();

const point = z.union([z.strictObject({ lsn: whole }), z.strictObject({ timeUs: whole })]);

/** The body of `POST /v1/commands`. */
export const commandSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("create").describe("makes a remote pair and copies; given at the primary"),
      pair: name,
      volume: name,
      link: name,
      peerVolume: name,
      mode: z.enum(MODES),
      tracker: z.enum(TRACKERS).exactOptional(),
    }),
    z.strictObject({
      kind: z.literal("create-local").describe("makes a local mirror and copies"),
      pair: name,
      volume: name,
      mirrorVolume: name,
    }),
    z.strictObject({
      kind: z.literal("split").describe("suspends a mirror"),
      pair: name,
      secondary: z.enum(["read-only", "read-write"]),
    }),
    z.strictObject({
      kind: z.literal("resync"),
      pair: name,
      direction: z
        .enum(["forward", "reverse"])
        .exactOptional()
        .describe("an operator's choice: what the target wrote by itself is discarded"),
    }),
    z.strictObject({
      kind: z.literal("takeover").describe("the secondary becomes the primary while the other is gone; given there"),
      pair: name,
    }),
    z.strictObject({ kind: z.literal("failback").describe("swaps the roles of a DUPLEX pair"), pair: name }),
    z.strictObject({
      kind: z.literal("delete").describe("forgets a mirror that is split; its volumes stay as they are"),
      pair: name,
      scope: z
        .enum(["both", "here"])
        .describe("here: by this end alone, while the other one is gone or does not know the pair either"),
    }),
    z.strictObject({
      kind: z.literal("backup").describe("splits the local mirrors at one moment"),
      pairs: names,
      mirrors: names,
    }),
    z.strictObject({
      kind: z.literal("restore").describe("the volume gets the content of its local mirror, in use"),
      pair: name,
      scope: z.enum(["changed", "all"]),
    }),
    z.strictObject({ kind: z.literal("rollback").describe("the volume gets the content of its image"), volume: name }),
    z.strictObject({
      kind: z.literal("recover").describe("the volume gets the content of an earlier moment"),
      volume: name,
      to: point,
      method: z.enum(["apply", "swap"]),
    }),
    z.strictObject({
      kind: z.literal("recover-group").describe("all volumes of a group of journals get the content of one moment"),
      group: name,
      to: z.union([z.strictObject({ timeUs: whole }), z.strictObject({ volume: name, lsn: whole })]),
      method: z.enum(["apply", "swap"]),
    }),
  ])
  .meta({ id: "Command" });

// Whatever the schema accepts the engine knows, and every command of an operator can be given.
type Accepted = z.infer<typeof commandSchema>;
const complete: [Accepted] extends [OperatorCommand]
  ? [OperatorCommand["kind"]] extends [Accepted["kind"]]
    ? true
    : never
  : never = true;
void complete;
