import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { stream } from "hono/streaming";
import { localPendingView, pendingView, restoreReport } from "../../controller/reports.ts";
import type { StorageSystem } from "../../controller/storage-system.ts";
import { EngineError } from "../../errors.ts";
import type { OperatorCommand } from "./command-schema.ts";
import type { ControlHost } from "./control-host.ts";
import { ControlRefusal, refusalOf } from "./refusal.ts";
import {
  commandRoute,
  eventsRoute,
  healthRoute,
  metricsRoute,
  pendingRoute,
  readyRoute,
  restoreRoute,
  statusRoute,
} from "./routes.ts";
import { ALIVE, encodeItems } from "./sse.ts";
import { statusOf, trackRuns } from "./status.ts";
import { tokenFits } from "./token.ts";

/** A command is not much; see `COMMAND_BYTES_MAX` of the engine, which is told as an error of its own. */
const BODY_BYTES_MAX = 64 * 1024;
const ALIVE_MS = 10_000;

export interface ApiOptions {
  readonly host: ControlHost;
  readonly token: string;
  /** After this long a command is answered with STILL_RUNS; it goes on. */
  readonly commandTimeoutMs: number;
}

/** The control API: requests in, answers out. Where requests come from is not its business. */
export function controlApi({ host, token, commandTimeoutMs }: ApiOptions): OpenAPIHono {
  const api = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      const at = [result.target, ...(issue?.path ?? [])].join(".");
      throw new ControlRefusal("MALFORMED", { at, found: issue?.message ?? "" });
    },
  });
  api.onError((error, context) => answerTo(error, context, host));
  api.notFound((context) => refuse(context, new ControlRefusal("NOT_FOUND", { path: context.req.path })));
  const guarded = async (context: Context, next: () => Promise<void>): Promise<void> => {
    if (!tokenFits(context.req.header("authorization"), token)) throw new ControlRefusal("UNAUTHORIZED");
    await next();
  };
  api.use("/v1/*", guarded);
  api.use("/metrics", guarded);
  // Nobody reads a body that comes with a question; to look whether there is one costs more than a status.
  api.on(
    "POST",
    "*",
    bodyLimit({
      maxSize: BODY_BYTES_MAX,
      onError: () => {
        throw new ControlRefusal("BODY_TOO_LARGE", { bytesMax: BODY_BYTES_MAX });
      },
    }),
  );

  api.openapi(healthRoute, (context) => context.text("alive\n", 200));
  api.openapi(readyRoute, (context) => context.text(`${host.phase}\n`, host.phase === "ready" ? 200 : 503));
  api.openapi(metricsRoute, async (context) => {
    const text = await host.metrics.text();
    return context.text(text, 200, { "content-type": host.metrics.contentType });
  });
  api.openapi(statusRoute, (context) => context.json(statusOf(systemOf(host), host.version, host.nowNs()), 200));
  api.openapi(pendingRoute, (context) => {
    const { name } = context.req.valid("param");
    const { from = 0 } = context.req.valid("query");
    const system = systemOf(host);
    const local = system.localPair(name);
    if (local !== undefined)
      return context.json(trackRuns(localPendingView(local), local.volume.trackCount, from), 200);
    const pair = system.pair(name);
    if (pair === undefined) throw new EngineError("PAIR_UNKNOWN", { pair: name });
    return context.json(trackRuns(pendingView(pair), pair.volume.trackCount, from), 200);
  });
  api.openapi(restoreRoute, (context) => {
    const { volume, set } = context.req.valid("param");
    const { from = 0 } = context.req.valid("query");
    const restore = systemOf(host)
      .restores()
      .find((other) => other.volume.name === volume);
    if (restore === undefined) throw new ControlRefusal("RESTORE_UNKNOWN", { volume });
    return context.json(trackRuns(restoreReport(restore)[set], restore.volume.trackCount, from), 200);
  });
  api.openapi(commandRoute, async (context) => {
    await execute(systemOf(host), context.req.valid("json"), commandTimeoutMs, host);
    return context.json({}, 200);
  });
  api.openapi(eventsRoute, (context) => {
    const { after } = context.req.valid("query");
    return streamEvents(context, host, after);
  });
  api.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  api.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "resilver control API", version: host.version, description: "See docs/operating.md." },
  });
  return api;
}

/** @throws ControlRefusal NOT_READY */
function systemOf(host: ControlHost): StorageSystem {
  if (host.system === undefined || host.phase !== "ready") throw new ControlRefusal("NOT_READY", { phase: host.phase });
  return host.system;
}

async function execute(
  system: StorageSystem,
  command: OperatorCommand,
  timeoutMs: number,
  host: ControlHost,
): Promise<void> {
  const work = system.execute(command);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), timeoutMs);
  });
  try {
    if ((await Promise.race([work, late])) !== "late") return;
  } finally {
    clearTimeout(timer);
  }
  work.catch((error: unknown) => {
    if (!(error instanceof EngineError)) host.fail(error);
  });
  throw new ControlRefusal("STILL_RUNS", { command: command.kind, seconds: timeoutMs / 1000 });
}

function streamEvents(context: Context, host: ControlHost, after: number | undefined): Response {
  if (host.phase === "stopping") throw new ControlRefusal("NOT_READY", { phase: host.phase });
  const feed = host.events.listen(after);
  context.header("content-type", "text/event-stream");
  context.header("cache-control", "no-store");
  return stream(context, async (out) => {
    out.onAbort(() => feed.close());
    try {
      // Says at once that it listens.
      await out.write(ALIVE);
      while (!feed.closed && !out.aborted) {
        const items = await feed.take(ALIVE_MS);
        await out.write(items.length === 0 ? ALIVE : encodeItems(items));
      }
    } finally {
      feed.close();
    }
  });
}

function refuse(context: Context, error: EngineError | ControlRefusal): Response {
  const [status, refusal] = refusalOf(error);
  if (status === 401) context.header("www-authenticate", "Bearer");
  return context.json(refusal, status);
}

/** Whatever escapes and is neither a refusal nor the caller's fault is a bug of ours. */
function answerTo(error: Error, context: Context, host: ControlHost): Response {
  if (error instanceof EngineError || error instanceof ControlRefusal) return refuse(context, error);
  if (error instanceof HTTPException) {
    const [, refusal] = refusalOf(new ControlRefusal("MALFORMED", { found: error.message }));
    return context.json(refusal, error.status);
  }
  host.fail(error);
  return refuse(context, new ControlRefusal("INTERNAL"));
}
