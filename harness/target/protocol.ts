import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { nodeCommandSchema } from "./node-command.ts";
import { nodeConfigSchema } from "./node-config.ts";
import { nodeStatusSchema, nodeTracksSchema } from "./node-status.ts";

// What a node of an outside target answers over HTTP. The OpenAPI document is generated from this.

/** What comes with every answer that is no success. */
export const nodeRefusalSchema = z
  .object({
    code: z.string().describe("in capitals: PAIR_UNKNOWN"),
    message: z.string().describe("for people, in one line"),
  })
  .meta({ id: "Refusal" });

const json = <S extends z.ZodType>(schema: S) => ({ "application/json": { schema } });
const refused = (description: string) => ({ description, content: json(nodeRefusalSchema) });
const text = { "text/plain": { schema: z.string() } };

const readyRoute = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Whether hosts and commands are served; asked again and again after each start",
  responses: { 200: { description: "they are", content: text }, 503: { description: "not yet", content: text } },
});

const statusRoute = createRoute({
  method: "get",
  path: "/v1/status",
  summary: "What the node tells of itself now",
  description: "Asked up to 60 times a second, and before and after each look at the disks: it must be quick, and true.",
  responses: { 200: { description: "the status", content: json(nodeStatusSchema) } },
});

const pendingRoute = createRoute({
  method: "get",
  path: "/v1/pairs/{pair}/pending",
  summary: "Tracks that the other end may lack; only where pending-bitmap is declared",
  request: { params: z.object({ pair: z.string() }) },
  responses: {
    200: { description: "the tracks", content: json(nodeTracksSchema) },
    404: refused("there is no such pair"),
  },
});

const commandRoute = createRoute({
  method: "post",
  path: "/v1/commands",
  summary: "Gives an administrator's command",
  request: { body: { required: true, content: json(nodeCommandSchema) } },
  responses: {
    200: { description: "carried out, or begun where that is what it means", content: json(z.object({})) },
    400: refused("not a command, or one that is not declared"),
    404: refused("there is no such volume, pair or link"),
    409: refused("refused as things are now, and nothing changed"),
    504: refused("nobody knows what becomes of it"),
  },
});

const ROUTES = [readyRoute, statusRoute, pendingRoute, commandRoute] as const;

/** The document of the protocol; `NodeConfig` among its schemas is the file that a node is started with. */
export function targetOpenApi(version: string): object {
  const api = new OpenAPIHono();
  for (const route of ROUTES) api.openAPIRegistry.registerPath(route);
  api.openAPIRegistry.register("NodeConfig", nodeConfigSchema);
  return api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "resilver target protocol", version, description: "See docs/targets.md." },
  });
}
