import { serve } from "@hono/node-server";
import { faultDiskApi } from "./control-api.ts";
import { FaultDisk } from "./fault-disk.ts";

/** The fault disk as a program: what its image runs. */
const faultDisk = new FaultDisk("0.0.0.0");
const server = serve({ fetch: faultDiskApi(faultDisk).fetch, port: 8080, hostname: "0.0.0.0" });
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    server.close();
    void faultDisk.reset().then(() => process.exit(0));
  });
