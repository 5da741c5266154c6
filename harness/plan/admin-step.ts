import { z } from "zod";
import { nameSchema } from "../fault/bounds.ts";

/** A moment to go back to: that of a mark, by the number of its newest entry or by its time; or an entry. */
export type RecoveryPoint = { readonly mark: string; readonly by: "lsn" | "time" } | { readonly lsn: number };

/** A command of an administrator. `at` is the system it is given to; where it belongs, without. */
export type AdminStep<P extends string = string, S extends string = string, V extends string = string> =
  | { readonly kind: "create"; readonly pair: P; readonly at?: S }
  | { readonly kind: "split"; readonly pair: P; readonly at?: S; readonly secondary: "read-only" | "read-write" }
  | { readonly kind: "resync"; readonly pair: P; readonly at?: S; readonly direction?: "forward" | "reverse" }
  | { readonly kind: "takeover"; readonly pair: P; readonly at?: S }
  | { readonly kind: "failback"; readonly pair: P; readonly at?: S }
  | { readonly kind: "delete"; readonly pair: P; readonly scope: "both" | "here"; readonly at?: S }
  /** `pairs`: the remote mirrors through which the data comes; without, as the topology has them. */
  | { readonly kind: "backup"; readonly mirrors: readonly P[]; readonly pairs?: readonly P[]; readonly at?: S }
  | { readonly kind: "restore"; readonly pair: P; readonly scope: "changed" | "all"; readonly at?: S }
  | { readonly kind: "rollback"; readonly volume: V; readonly at?: S }
  | {
      readonly kind: "recover";
      readonly volume: V;
      readonly to: RecoveryPoint;
      readonly method: "apply" | "swap";
      readonly at?: S;
    }
  /** All volumes of the system with `volume` whose journals are of its group. The mark is of `volume`. */
  | {
      readonly kind: "recover-group";
      readonly volume: V;
      readonly to: RecoveryPoint;
      readonly method: "apply" | "swap";
      readonly at?: S;
    };

const at = nameSchema.exactOptional();
const onPair = { pair: nameSchema, at };
const point = z.union([
  z.strictObject({ mark: nameSchema, by: z.enum(["lsn", "time"]) }),
  z.strictObject({ lsn: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }),
]);
const pairsSchema = z.array(nameSchema).max(64);

/** For the union of all steps. */
export const adminStepSchemas = [
  z.strictObject({ kind: z.literal("create"), ...onPair }),
  z.strictObject({ kind: z.literal("split"), ...onPair, secondary: z.enum(["read-only", "read-write"]) }),
  z.strictObject({
    kind: z.literal("resync"),
    ...onPair,
    direction: z.enum(["forward", "reverse"]).exactOptional(),
  }),
  z.strictObject({ kind: z.literal("takeover"), ...onPair }),
  z.strictObject({ kind: z.literal("failback"), ...onPair }),
  z.strictObject({ kind: z.literal("delete"), ...onPair, scope: z.enum(["both", "here"]) }),
  z.strictObject({ kind: z.literal("backup"), mirrors: pairsSchema.min(1), pairs: pairsSchema.exactOptional(), at }),
  z.strictObject({ kind: z.literal("restore"), ...onPair, scope: z.enum(["changed", "all"]) }),
  z.strictObject({ kind: z.literal("rollback"), volume: nameSchema, at }),
  z.strictObject({
    kind: z.literal("recover"),
    volume: nameSchema,
    to: point,
    method: z.enum(["apply", "swap"]),
    at,
  }),
  z.strictObject({
    kind: z.literal("recover-group"),
    volume: nameSchema,
    to: point,
    method: z.enum(["apply", "swap"]),
    at,
  }),
] as const;

const KINDS: ReadonlySet<string> = new Set(adminStepSchemas.map((schema) => schema.shape.kind.value));

/** Whether the step is a command of an administrator. */
export function isAdminStep(step: { readonly kind: string }): step is AdminStep {
  return KINDS.has(step.kind);
}

/** For people: `restore of gen1`. */
export function describeAdminStep(step: AdminStep): string {
  switch (step.kind) {
    case "backup":
      return `backup to ${step.mirrors.join(", ")}`;
    case "rollback":
    case "recover":
      return `${step.kind} of ${step.volume}`;
    case "recover-group":
      return `recover of the group of ${step.volume}`;
    default:
      return `${step.kind} of ${step.pair}`;
  }
}
