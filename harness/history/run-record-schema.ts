import { z } from "zod";
import { MIRROR_STATES } from "./mirror-state.ts";
import { INVARIANTS, RECOVERY_MEASURES, type RunRecord, VERDICTS, WORLD_KINDS } from "./run-record.ts";

const verdict = z.enum(VERDICTS);
const count = z.int().nonnegative();
const ms = z.number().nonnegative();
const seed = z.int().min(0).max(0xffff_ffff);
const counted = z.looseObject({ system: z.string(), count });

export const struckSchema = z
  .partialRecord(z.enum(MIRROR_STATES), z.tuple([count, count]))
  .describe("Injected and effective, by what remote mirrors were like; resync: copied again");

export const recoverySampleSchema = z.looseObject({
  measure: z.enum(RECOVERY_MEASURES),
  fault: z.string(),
  ms,
  bytes: count.exactOptional(),
});

const contentHash = z.string().regex(/^[0-9a-f]{16}$/u, "16 hexadecimal digits");
export const pairContentsSchema = z.looseObject({ pair: z.string(), primary: contentHash, secondary: contentHash });

export const failureSchema = z.looseObject({
  rule: z.enum([...INVARIANTS, "expectation", "determinism", "target", "harness"]),
  message: z.string(),
  timeNs: z.number().nonnegative().describe("Nanoseconds since the start of the run"),
  blame: z.array(
    z.looseObject({
      volume: z.string(),
      offsetBytes: count,
      lengthBytes: count,
      found: z.string(),
      expected: z.string(),
      cause: z.string(),
    }),
  ),
});

/** One run. Unknown fields are permitted: later versions may add some. */
export const runRecordSchema = z.looseObject({
  scenario: z.string().describe("Its name, for people"),
  id: z.string().min(1).describe("Its name, for commands: the path in scenarios/ without .ts"),
  requirements: z.array(z.string()),
  world: z.enum(WORLD_KINDS),
  target: z.string().exactOptional().describe("The outside target that was run; without, the engine of resilver"),
  seed,
  verdict,
  historyHash: z
    .string()
    .regex(/^([0-9a-f]{16})?$/)
    .describe("16 hexadecimal digits; empty if nothing ran"),
  events: count,
  virtualMs: ms,
  wallMs: ms,
  faults: z.array(
    z.looseObject({
      kind: z.string().min(1),
      on: z.string().describe("What it was done to: a link, or system/volume"),
      injected: count,
      effective: count.describe("Injections whose effect was observed"),
      struck: struckSchema.exactOptional(),
    }),
  ),
  invariants: z.partialRecord(z.enum(INVARIANTS), verdict),
  checks: z.partialRecord(z.enum(INVARIANTS), count).describe("How often each invariant was evaluated"),
  failures: z.array(failureSchema),
  oracles: z.array(z.looseObject({ oracle: z.string(), judged: count, accepted: count, verdict, detail: z.string() })),
  vacuous: z.boolean().describe("A fault had no observed effect; the verdict is UNKNOWN at best"),
  tolerated: z.array(z.string()).exactOptional().describe("What the plan's mayRefuse let pass"),
  unjudged: z.array(z.string()).exactOptional().describe("What could not be judged in this world, and why"),
  census: z
    .looseObject({
      disks: z.array(counted.extend({ disk: z.string() })),
      links: z.array(counted.extend({ link: z.string() })),
    })
    .exactOptional()
    .describe("What a crash can fall upon"),
  excerpt: z.array(z.string()).exactOptional().describe("What happened between two moments"),
  recovery: z
    .looseObject({
      hostRequests: count,
      hostRequestsDone: count,
      hostOutagesMs: z.array(ms),
      apartMs: z.array(ms),
      resyncsMs: z.array(ms),
      samples: z.array(recoverySampleSchema),
    })
    .exactOptional()
    .describe("What faults cost; docs/recovery.md defines it"),
  contents: z
    .array(pairContentsSchema)
    .exactOptional()
    .describe("Hashes over all bytes of both volumes of each mirror, at the end"),
  replay: z.string().describe("The token for resilver replay TOKEN"),
}) satisfies z.ZodType<RunRecord>;
