import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { commandSchema } from "./command-schema.ts";
import { refusalSchema } from "./refusal.ts";
import { statusSchema, trackRunsSchema } from "./status-schema.ts";

// What the OpenAPI document is generated from; `api.ts` says what each route does.

const json = <S extends z.ZodType>(schema: S) => ({ "application/json": { schema } });
const refused = (description: string) => ({ description, content: json(refusalSchema) });
const text = { "text/plain": { schema: z.string() } };
const security = [{ token: [] }];
const COMMON = {
  401: refused("no token, or another one"),
  503: refused("the engine starts or stops"),
} as const;

const from = z.object({ from: z.coerce.number().int().nonnegative().optional() });

export const statusRoute = createRoute({
  method: "get",
  path: "/v1/status",
  summary: "Everything that the system tells of itself: copy management table, images, journals, restores, links",
  security,
  responses: { 200: { description: "the status", content: json(statusSchema) }, ...COMMON },
});

export const pendingRoute = createRoute({
  method: "get",
  path: "/v1/pairs/{name}/pending",
  summary: "Tracks that the other side of a mirror may lack",
  security,
  request: { params: z.object({ name: z.string() }), query: from },
  responses: {
    200: { description: "the tracks", content: json(trackRunsSchema) },
    400: refused("not a request"),
    404: refused("there is no such pair"),
    ...COMMON,
  },
});

export const restoreRoute = createRoute({
  method: "get",
  path: "/v1/restores/{volume}/{set}",
  summary: "Track status tables of the restore that runs: tracks left to bring, tracks that hosts altered since",
  security,
  request: { params: z.object({ volume: z.string(), set: z.enum(["left", "altered"]) }), query: from },
  responses: {
    200: { description: "the tracks", content: json(trackRunsSchema) },
    400: refused("not a request"),
    404: refused("no restore of the volume runs"),
    ...COMMON,
  },
});

export const commandRoute = createRoute({
  method: "post",
  path: "/v1/commands",
  summary: "Gives a command; it is passed on to the other end if that must carry it out",
  security,
  request: { body: { required: true, content: json(commandSchema) } },
  responses: {
    200: { description: "carried out, or begun where that is what the command means", content: json(z.object({})) },
    400: refused("not a command"),
    404: refused("there is no such volume, pair, link or journal here or at the other end"),
    409: refused("refused as things are now: nothing changed, unless the code says otherwise"),
    413: refused("too large"),
    415: refused("not JSON"),
    429: refused("too much at once"),
    504: refused("nobody knows yet: the command goes on, or the link was lost meanwhile"),
    ...COMMON,
  },
});

export const eventsRoute = createRoute({
  method: "get",
  path: "/v1/events",
  summary: "Steps of the engine as they are taken, and the status when it has changed, as server-sent events",
  description:
    "`step`: { n, atNs, name, fields }. `status`: as /v1/status. `lagged`: { dropped }: so many steps were left out here.",
  security,
  request: { query: z.object({ after: z.coerce.number().int().min(-1).optional() }) },
  responses: {
    200: { description: "the stream", content: { "text/event-stream": { schema: z.string() } } },
    400: refused("not a request"),
    429: refused("too many streams"),
    ...COMMON,
  },
});

export const healthRoute = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Whether the program lives",
  responses: { 200: { description: "it does", content: text } },
});

export const readyRoute = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Whether hosts and commands are served",
  responses: { 200: { description: "they are", content: text }, 503: { description: "not now", content: text } },
});

export const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Metrics in the text format of Prometheus",
  security,
  responses: { 200: { description: "the metrics", content: text }, 401: COMMON[401] },
});
