import { z } from "zod";
import type { OperatorCommand } from "./command-schema.ts";
import { type Refusal, refusalSchema } from "./refusal.ts";
import type { FeedItem } from "./event-feed.ts";
import { SseParser } from "./sse.ts";
import { type StatusDocument, statusSchema, type TrackRuns, trackRunsSchema } from "./status-schema.ts";

/** How a request to an engine ended without an answer that can be used. */
export type ControlErrorCode =
  /** No connection: the engine has not heard of it. */
  | "UNREACHABLE"
  /** The connection was lost: nobody knows whether it was carried out. */
  | "BROKEN"
  /** No answer in time: nobody knows. */
  | "TIMEOUT"
  /** What answers is no engine of this version. */
  | "BAD_ANSWER";

export class ControlError extends Error {
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = "ControlError";
    this.code = code;
  }
}

/** The engine, or its control API, refused. */
export class RefusedError extends Error {
  /** Of `docs/errors.md` or `docs/operating.md`. */
  readonly code: string;
  readonly httpStatus: number;
  readonly context: Refusal["context"];
  readonly remedy: string;

  constructor(httpStatus: number, { code, message, context, remedy }: Refusal) {
    super(message);
    this.name = "RefusedError";
    this.code = code;
    this.httpStatus = httpStatus;
    this.context = context;
    this.remedy = remedy;
  }
}

export interface ControlClientOptions {
  /** `http://127.0.0.1:7070`, or https. */
  readonly url: string;
  readonly token: string;
  /** For anything but commands and streams; 10 000 without. */
  readonly timeoutMs?: number;
  /** For a command; 90 000 without: longer than the engine takes to say that it is still at it. */
  readonly commandTimeoutMs?: number;
}

const stepSchema = z.object({
  n: z.number(),
  atNs: z.number(),
  name: z.string(),
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
const laggedSchema = z.object({ dropped: z.number() });
const nothing = z.object({});

/** Never got through: nothing was asked. */
const UNREACHED = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"]);

/** An engine's control API, from outside. Every method may throw ControlError and RefusedError. */
export class ControlClient {
  readonly #url: string;
  readonly #token: string;
  readonly #timeoutMs: number;
  readonly #commandTimeoutMs: number;

  constructor({ url, token, timeoutMs = 10_000, commandTimeoutMs = 90_000 }: ControlClientOptions) {
    this.#url = url.replace(/\/+$/, "");
    this.#token = token;
    this.#timeoutMs = timeoutMs;
    this.#commandTimeoutMs = commandTimeoutMs;
  }

  status(): Promise<StatusDocument> {
    return this.#json("/v1/status", statusSchema);
  }

  /** All of them, however many requests that takes. */
  pending(pair: string): Promise<TrackRuns> {
    return this.#tracks(`/v1/pairs/${encodeURIComponent(pair)}/pending`);
  }

  restoreTracks(volume: string, set: "left" | "altered"): Promise<TrackRuns> {
    return this.#tracks(`/v1/restores/${encodeURIComponent(volume)}/${set}`);
  }

  async #tracks(path: string): Promise<TrackRuns> {
    let { next, ...all } = await this.#json(path, trackRunsSchema);
    while (next !== undefined) {
      const page: TrackRuns = await this.#json(`${path}?from=${next}`, trackRunsSchema);
      all = { ...all, runs: [...all.runs, ...page.runs] };
      next = page.next;
    }
    return all;
  }

  async execute(command: OperatorCommand): Promise<void> {
    const body = JSON.stringify(command);
    const headers = { "content-type": "application/json" };
    await this.#json("/v1/commands", nothing, { method: "POST", body, headers, timeoutMs: this.#commandTimeoutMs });
  }

  async metrics(): Promise<string> {
    const response = await this.#ask("/metrics", { timeoutMs: this.#timeoutMs });
    return this.#body(response, "/metrics");
  }

  /** Whether hosts and commands are served now. False also if there is no answer. */
  async isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.#url}/readyz`, { signal: AbortSignal.timeout(this.#timeoutMs) });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  /**
   * What the engine does, from now on; ends when the engine stops or `signal` is aborted.
   * @param after the last step known, -1 for all that is kept: those come first
   * @throws ControlError when the connection is lost, or nothing was heard for 30 s
   */
  async *events({ signal, after }: { signal?: AbortSignal; after?: number } = {}): AsyncGenerator<FeedItem, void> {
    const path = after === undefined ? "/v1/events" : `/v1/events?after=${after}`;
    const ended = new AbortController();
    const stop = (): void => ended.abort();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted === true) stop();
    let silence = setTimeout(stop, this.#timeoutMs);
    try {
      const response = await this.#ask(path, { signal: ended.signal });
      if (response.body === null) throw new ControlError("BAD_ANSWER", "no stream of events");
      const parser = new SseParser();
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        clearTimeout(silence);
        for (const { event, data } of parser.push(text)) yield* itemOf(event, data);
        // Not while whoever listens is at work.
        silence = setTimeout(stop, SILENCE_MS);
      }
    } catch (error) {
      if (signal?.aborted === true) return;
      if (error instanceof RefusedError || error instanceof ControlError) throw error;
      throw new ControlError(ended.signal.aborted ? "TIMEOUT" : "BROKEN", "the stream of events", { cause: error });
    } finally {
      clearTimeout(silence);
      signal?.removeEventListener("abort", stop);
      ended.abort();
    }
  }

  async #json<S extends z.ZodType>(path: string, schema: S, init: AskInit = {}): Promise<z.infer<S>> {
    const response = await this.#ask(path, { timeoutMs: this.#timeoutMs, ...init });
    return parsed(schema, await this.#body(response, path), path);
  }

  async #body(response: Response, path: string): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw lost(error, path);
    }
  }

  /** @throws RefusedError, ControlError */
  async #ask(path: string, { timeoutMs, ...init }: AskInit): Promise<Response> {
    const signals = [init.signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
    const headers = { ...init.headers, authorization: `Bearer ${this.#token}` };
    const signal = AbortSignal.any(signals.flatMap((one) => one ?? []));
    let response: Response;
    try {
      response = await fetch(`${this.#url}${path}`, { ...init, headers, signal, redirect: "error" });
    } catch (error) {
      throw lost(error, path);
    }
    if (response.ok) return response;
    const refusal = parsed(refusalSchema, await this.#body(response, path), path);
    throw new RefusedError(response.status, refusal);
  }
}

const SILENCE_MS = 30_000;

interface AskInit {
  readonly method?: "POST";
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

function* itemOf(event: string, data: string): Generator<FeedItem> {
  if (event === "step") yield { kind: "step", step: parsed(stepSchema, data, event) };
  else if (event === "status") yield { kind: "status", status: parsed(statusSchema, data, event) };
  else if (event === "lagged") yield { kind: "lagged", ...parsed(laggedSchema, data, event) };
}

/** @throws ControlError BAD_ANSWER */
function parsed<S extends z.ZodType>(schema: S, text: string, place: string): z.infer<S> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new ControlError("BAD_ANSWER", `${place}: ${text.slice(0, 200)}`, { cause: error });
  }
}

function lost(error: unknown, path: string): ControlError {
  if (error instanceof DOMException && error.name === "TimeoutError")
    return new ControlError("TIMEOUT", path, { cause: error });
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const message = `${path}${code === "" ? "" : `, ${code}`}`;
  return new ControlError(UNREACHED.has(code) ? "UNREACHABLE" : "BROKEN", message, { cause: error });
}
