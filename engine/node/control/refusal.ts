import { z } from "zod";
import { EngineError, type EngineErrorCode } from "../../errors.ts";

/** Why the control API itself refuses: code → HTTP status and what to do. `docs/operating.md` lists them. */
const REFUSALS = {
  UNAUTHORIZED: [401, "send the token of the configuration: Authorization: Bearer TOKEN"],
  MALFORMED: [400, "send what the OpenAPI document says"],
  BODY_TOO_LARGE: [413, "name fewer things at once"],
  NOT_FOUND: [404, "look into the OpenAPI document for what there is"],
  RESTORE_UNKNOWN: [404, "look at the restores of the status"],
  TOO_MANY_LISTENERS: [429, "close a stream of events that is not needed"],
  NOT_READY: [503, "wait until /readyz answers with 200"],
  STILL_RUNS: [504, "the command goes on: look at the status"],
  INTERNAL: [500, "look into the log of the engine, and report it"],
} as const;

export type RefusalCode = keyof typeof REFUSALS;
export type RefusalStatus = (typeof REFUSALS)[RefusalCode][0] | 409;

/** Every code of the control API itself. */
export function refusalCodes(): readonly string[] {
  return Object.keys(REFUSALS);
}

/** What is told with every answer that is no success. */
export const refusalSchema = z
  .object({
    code: z.string().describe("of docs/errors.md, or of the control API"),
    message: z.string(),
    context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    remedy: z.string(),
  })
  .meta({ id: "Refusal" });

export type Refusal = z.infer<typeof refusalSchema>;

/** The control API refuses by itself. */
export class ControlRefusal extends Error {
  readonly code: RefusalCode;
  readonly context: Refusal["context"];

  constructor(code: RefusalCode, context: Refusal["context"] = {}) {
    super(code);
    this.name = "ControlRefusal";
    this.code = code;
    this.context = context;
  }
}

/** Statuses of the engine's codes; all others are 409: refused as things are now. */
const ENGINE_STATUSES: ReadonlyMap<EngineErrorCode, RefusalStatus> = new Map<EngineErrorCode, RefusalStatus>([
  ["PAIR_UNKNOWN", 404],
  ["VOLUME_UNKNOWN", 404],
  ["LINK_UNKNOWN", 404],
  ["JOURNAL_UNKNOWN", 404],
  ["COMMAND_TOO_LARGE", 413],
  ["BUSY", 429],
  ["UNANSWERED", 504],
]);

/** The answer to a request that was refused. */
export function refusalOf(error: EngineError | ControlRefusal): readonly [RefusalStatus, Refusal] {
  if (error instanceof EngineError) {
    const { code, message, context, remedy } = error;
    return [ENGINE_STATUSES.get(code) ?? 409, { code, message, context, remedy }];
  }
  const { code, context } = error;
  const [status, remedy] = REFUSALS[code];
  const told = Object.entries(context).map(([name, value]) => ` ${name}=${String(value)}`);
  return [status, { code, message: `${code}${told.join("")}: ${remedy}`, context, remedy }];
}
