import { Hono } from "hono";
import type { Boot, EngineProcesses } from "./engine-processes.ts";

/** The control API of a machine, for the harness alone. */
export function machineApi(engines: EngineProcesses): Hono {
  const api = new Hono();
  api.onError((error, context) => context.json({ message: error.stack ?? error.message }, 500));
  api.get("/healthz", (context) => context.text("ok"));
  api.post("/v1/boot", async (context) => {
    engines.boot(await context.req.json<Boot>());
    return context.json({});
  });
  api.post("/v1/kill", async (context) => {
    await engines.kill();
    return context.json({});
  });
  api.post("/v1/pause", async (context) => {
    await engines.pause();
    return context.json({});
  });
  api.post("/v1/resume", (context) => {
    engines.resume();
    return context.json({});
  });
  api.post("/v1/reset", async (context) => {
    await engines.reset();
    return context.json({ atMs: Date.now() });
  });
  api.get("/v1/end", (context) => context.json({ end: engines.end }));
  api.get("/v1/left", (context) => context.json({ left: engines.left() }));
  return api;
}
