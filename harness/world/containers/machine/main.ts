import { tmpdir } from "node:os";
import { serve } from "@hono/node-server";
import { EngineProcesses } from "./engine-processes.ts";
import { machineApi } from "./machine-api.ts";

/** A machine as a program: the first process of an engine's container, with `FOLDER -- COMMAND…` for arguments. */
const [folder = "", , ...command] = process.argv.slice(2);
const engines = new EngineProcesses({ command, folder, alsoWritable: [tmpdir()] });
serve({ fetch: machineApi(engines).fetch, port: 8080, hostname: "0.0.0.0" });
// The first process of a container ignores what it does not handle.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => void engines.close().then(() => process.exit(0)));
