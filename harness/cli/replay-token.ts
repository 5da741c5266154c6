import { createHash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import { SEED_BOUNDS } from "./parse-number.ts";
import type { ScenarioCatalogue } from "./scenario-entry.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** Rises when a token of before would be read differently. */
const TOKEN_VERSION = 1;
const TOKEN_LENGTH_MAX = 4 * 1024 * 1024;
const PLAN_BYTES_MAX = 16 * 1024 * 1024;
const DIGEST_LENGTH = 16;

/** What a replay token says (rule 12). */
export interface ReplayRequest {
  readonly id: string;
  readonly seed: number;
  readonly plan: unknown;
  /** The plan is none of the shipped scenarios, so the token carries it. */
  readonly embed: boolean;
  /** The outside target that it was run on, as it was named; the engine of this project without. */
  readonly target?: string;
}

const tokenSchema = z.strictObject({
  v: z.literal(TOKEN_VERSION),
  id: z.string().min(1).max(300),
  seed: z.int().min(SEED_BOUNDS.min).max(SEED_BOUNDS.max),
  engine: z.string().length(DIGEST_LENGTH),
  plan: z.string().length(DIGEST_LENGTH),
  body: z.string().optional(),
  target: z.string().min(1).max(4096).exactOptional(),
});

/** URL-safe, so that it survives a shell, a CI log and a chat. @param request.engineDigest hexadecimal */
export function tokenOf(request: ReplayRequest & { readonly engineDigest: string }): string {
  const json = JSON.stringify(request.plan);
  const token: z.infer<typeof tokenSchema> = {
    v: TOKEN_VERSION,
    id: request.id,
    seed: request.seed,
    engine: shortDigest(request.engineDigest),
    plan: sha256(json),
    ...(request.target === undefined ? {} : { target: request.target }),
    ...(request.embed ? { body: deflateRawSync(json).toString("base64url") } : {}),
  };
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

/** As tokens name an engine. @param engineDigest hexadecimal */
export function shortDigest(engineDigest: string): string {
  return engineDigest.slice(0, DIGEST_LENGTH);
}

/**
 * @param digestOf the present digest of an outside target, or of the engine of this project
 * @throws UsageError if the token is malformed, or is of another version, engine or scenario
 */
export async function readToken(
  text: string,
  digestOf: (target: string | undefined) => string | Promise<string>,
  scenarios: ScenarioCatalogue,
): Promise<ReplayRequest> {
  const { v: _version, id, seed, engine, plan: planDigest, body, target } = decode(text);
  const present = shortDigest(await digestOf(target));
  if (engine !== present)
    throw new UsageError({
      place: "replay token",
      found: `one of engine ${engine}`,
      expected: `this engine, ${present}`,
      remedy: "check out the version that printed the token",
    });
  if (body === undefined && !scenarios.ids().includes(id))
    throw new UsageError({
      place: "replay token",
      found: `scenario ${quoted(id)}`,
      expected: `one of the ${scenarios.ids().length} scenarios of "resilver list"`,
    });
  const plan: unknown = body === undefined ? (await scenarios.load(id)).plan : inflatePlan(body);
  const found = sha256(JSON.stringify(plan));
  if (found !== planDigest)
    throw new UsageError({
      place: "replay token",
      found: `plan ${planDigest} of scenario ${quoted(id)}`,
      expected: `its present plan, ${found}`,
      remedy: "check out the version that printed the token",
    });
  return { id, seed, plan, embed: body !== undefined, ...(target === undefined ? {} : { target }) };
}

function decode(text: string): z.infer<typeof tokenSchema> {
  const malformed = (found: string): UsageError =>
    new UsageError({ place: "replay token", found, expected: "a token as a run printed it, whole" });
  if (text.length > TOKEN_LENGTH_MAX) throw malformed(`${text.length} characters`);
  if (!/^[\w-]+$/.test(text)) throw malformed(quoted(text));
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    throw malformed(quoted(text));
  }
  if (typeof data === "object" && data !== null && "v" in data && data.v !== TOKEN_VERSION)
    throw new UsageError({
      place: "replay token",
      found: `schema version ${JSON.stringify(data.v)}`,
      expected: `version ${TOKEN_VERSION}`,
      remedy: "use the version of resilver that printed the token",
    });
  const parsed = tokenSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw malformed(`a token without a usable field ${quoted(issue?.path.join(".") ?? "")}`);
}

function inflatePlan(body: string): unknown {
  try {
    const json = inflateRawSync(Buffer.from(body, "base64url"), { maxOutputLength: PLAN_BYTES_MAX });
    return JSON.parse(json.toString("utf8"));
  } catch (error) {
    throw new UsageError(
      {
        place: "replay token",
        found: "a plan that cannot be unpacked",
        expected: "a token as a run printed it, whole",
      },
      { cause: error },
    );
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, DIGEST_LENGTH);
}
