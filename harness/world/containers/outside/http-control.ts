import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { type NodeStatus, type NodeTracks, nodeStatusSchema, nodeTracksSchema } from "../../../target/node-status.ts";
import { NodeSilent } from "../../../target/outside-target.ts";
import { nodeRefusalSchema } from "../../../target/protocol.ts";
import { type AdminCommand, AdminError, type PairReport } from "../../../target/target.ts";
import type { RemoteControl, RemoteEvent } from "../remote-control.ts";

export interface HttpControlParts {
  /** `http://127.0.0.1:7070`. */
  readonly url: string;
  /** Settles when the program has ended. @returns the exit code @throws if `signal` says so */
  readonly whenEnded: (signal: AbortSignal) => Promise<number>;
  /** It declares that it knows which tracks are pending. */
  readonly tellsPending: boolean;
}

/** One that was just paused answers nothing. */
const ANSWER_MS_MAX = 3000;
const COMMAND_MS_MAX = 90_000;
const ASKED_MS = 25;
const NS_PER_MS = 1e6;
/** The answer says that nobody knows what becomes of it. */
const UNKNOWN_YET = 504;
/** Never got through: nothing was asked. */
const UNREACHED = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"]);

/** A node of an outside target, by the protocol over HTTP. */
export class HttpControl implements RemoteControl {
  readonly #parts: HttpControlParts;

  constructor(parts: HttpControlParts) {
    this.#parts = parts;
  }

  async status(): Promise<NodeStatus> {
    const atNs = performance.now() * NS_PER_MS;
    const { pairs, ...status } = await this.#get("/v1/status", nodeStatusSchema);
    return { ...status, atNs, pairs: pairs satisfies readonly PairReport[] };
  }

  async execute(command: AdminCommand): Promise<void> {
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", body: JSON.stringify(command), headers };
    const { status, text } = await this.#ask("/v1/commands", COMMAND_MS_MAX, init);
    if (status < 300) return;
    const { code, message } = parsed(nodeRefusalSchema, text, `the refusal of ${command.kind}, status ${status}`);
    if (status === UNKNOWN_YET) throw new AdminError("UNANSWERED", message);
    throw new AdminError(code, message);
  }

  async pending(pair: string): Promise<NodeTracks | undefined> {
    if (!this.#parts.tellsPending) return undefined;
    return this.#get(`/v1/pairs/${encodeURIComponent(pair)}/pending`, nodeTracksSchema);
  }

  /** What it says when it is asked again and again. */
  async *events(signal: AbortSignal): AsyncIterable<RemoteEvent> {
    let end: string | undefined;
    this.#parts.whenEnded(signal).then(
      (exitCode) => {
        end = `its container ended with exit code ${exitCode}`;
      },
      () => undefined,
    );
    let before = "";
    while (!signal.aborted) {
      const status = await this.status().catch((error: unknown) => {
        if (!(error instanceof NodeSilent) || error instanceof NodeAnswerError) throw error;
        return undefined;
      });
      if (end !== undefined && !signal.aborted) throw new Error(end);
      const { atNs: _, ...word } = status ?? {};
      const now = JSON.stringify(word);
      if (status !== undefined && now !== before) yield { kind: "status", status };
      if (status !== undefined) before = now;
      await sleep(ASKED_MS);
    }
  }

  tables(): Promise<unknown> {
    return this.status();
  }

  async #get<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
    const { status, text } = await this.#ask(path, ANSWER_MS_MAX);
    if (status >= 300) throw new NodeSilent(`${path}: status ${status}, ${text.slice(0, 200)}`, false);
    return parsed(schema, text, path);
  }

  async #ask(
    path: string,
    msMax: number,
    init: RequestInit = {},
  ): Promise<{ readonly status: number; readonly text: string }> {
    try {
      const response = await fetch(`${this.#parts.url}${path}`, { ...init, signal: AbortSignal.timeout(msMax) });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
      throw new NodeSilent(`${path}: ${code === "" ? String(error) : code}`, UNREACHED.has(code), { cause: error });
    }
  }
}

/** @throws NodeAnswerError */
function parsed<S extends z.ZodType>(schema: S, text: string, place: string): z.infer<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new NodeAnswerError(place, `no JSON: ${text.slice(0, 200)}`);
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  const [issue] = error.issues;
  throw new NodeAnswerError(place, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}

/** A node answered something that is not of the protocol. */
class NodeAnswerError extends NodeSilent {
  constructor(place: string, found: string) {
    super(`${place} is not as the protocol has it: ${found}; see "resilver schema target"`, false);
    this.name = "NodeAnswerError";
  }
}
