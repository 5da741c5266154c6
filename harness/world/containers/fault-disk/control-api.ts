import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { ZodError } from "zod";
import { contentDigest } from "../../sim/disk/compare.ts";
import { DiskFaultError } from "../../sim/disk/disk-fault.ts";
import type { InjectedFault } from "../../sim/disk/injected-fault.ts";
import type { Medium } from "../../sim/disk/medium.ts";
import { contentQuerySchema, diskFaultSchema, diskSpecSchema, eventsQuerySchema } from "./control-schema.ts";
import { EVENT_HEADER } from "./disk-event.ts";
import type { DiskState } from "./disk-state.ts";
import { type FaultDisk, FaultDiskError } from "./fault-disk.ts";
import { encodeLook, lookAt } from "./look.ts";
import type { ServedDisk } from "./served-disk.ts";

const BODY_BYTES_MAX = 64 * 1024;

/** The control API of the fault disk. Names in paths are encoded as URLs want it. */
export function faultDiskApi(faultDisk: FaultDisk): Hono {
  const api = new Hono();
  api.onError((error, context) => {
    if (error instanceof FaultDiskError) return context.json({ message: error.message }, error.status);
    const isTheirs = error instanceof ZodError || error instanceof DiskFaultError || error instanceof SyntaxError;
    if (isTheirs) return context.json({ message: error.message }, 400);
    if (error instanceof HTTPException) return context.json({ message: error.message }, error.status);
    return context.json({ message: error.stack ?? error.message }, 500);
  });
  // Of what is asked nobody reads a body, and to look for one costs more than most answers.
  api.on("POST", "*", bodyLimit({ maxSize: BODY_BYTES_MAX }));
  api.get("/healthz", (context) => context.text("ok"));

  api.post("/v1/reset", async (context) => {
    await faultDisk.reset();
    return context.json({});
  });
  api.post("/v1/disks", async (context) => {
    const port = await faultDisk.create(diskSpecSchema.parse(await context.req.json()));
    return context.json({ port });
  });
  api.get("/v1/disks/:name", (context) => {
    const disk = faultDisk.disk(context.req.param("name"));
    return context.json(stateOf(disk, faultDisk.events.last));
  });
  api.get("/v1/disks/:name/content", (context) => {
    const { medium } = faultDisk.disk(context.req.param("name"));
    const { offsetBytes, lengthBytes, version } = contentQuerySchema.parse(context.req.query());
    if (offsetBytes + lengthBytes > medium.content.sizeBytes) throw new FaultDiskError(404, "outside the disk");
    context.header(EVENT_HEADER, String(faultDisk.events.last));
    return context.body(contentOf(medium, version, offsetBytes, lengthBytes));
  });

  api.post("/v1/disks/:name/faults", async (context) => {
    const disk = faultDisk.disk(context.req.param("name"));
    const fault = disk.inject(diskFaultSchema.parse(await context.req.json()));
    return context.json({ faultId: fault.faultId, effects: fault.effects() });
  });
  const faultOf = (name: string, faultId: string): InjectedFault => {
    const fault = faultDisk.disk(name).fault(Number(faultId));
    if (fault === undefined) throw new FaultDiskError(404, `no fault ${faultId} of disk ${name}`);
    return fault;
  };
  api.get("/v1/disks/:name/faults/:faultId", (context) =>
    context.json(faultOf(context.req.param("name"), context.req.param("faultId")).effects()),
  );
  api.delete("/v1/disks/:name/faults/:faultId", (context) => {
    const fault = faultOf(context.req.param("name"), context.req.param("faultId"));
    fault.heal();
    return context.json(fault.effects());
  });

  // In the call itself: the disks of a group lose their power in one moment.
  api.post("/v1/groups/:group/power-loss", (context) => {
    faultDisk.group(context.req.param("group")).losePower();
    return context.json({});
  });
  api.post("/v1/groups/:group/power-off", async (context) => {
    await faultDisk.group(context.req.param("group")).powerOff();
    return context.json({});
  });
  api.post("/v1/groups/:group/power-on", async (context) => {
    await faultDisk.group(context.req.param("group")).powerOn();
    return context.json({});
  });

  api.get("/v1/look", (context) => {
    const { after } = eventsQuerySchema.parse({ after: context.req.query("after"), waitMs: 0 });
    return context.body(encodeLook(lookAt(faultDisk, after)));
  });
  api.get("/v1/events", async (context) => {
    const { after, waitMs } = eventsQuerySchema.parse(context.req.query());
    await faultDisk.events.whenAfter(after, waitMs);
    return context.json(faultDisk.events.after(after));
  });
  return api;
}

function stateOf(disk: ServedDisk, event: number): DiskState {
  const { medium } = disk;
  return {
    sizeBytes: disk.sizeBytes,
    event,
    digest: contentDigest(medium.content),
    allocated: medium.content.allocatedRanges(),
    unflushedBytes: medium.undo.dirtyBytes,
    damage: medium.damage().map(({ sectorIndex, faultId }) => ({
      sectorIndex,
      faultId,
      kind: disk.fault(faultId)?.spec.kind ?? "",
    })),
  };
}

function contentOf(
  medium: Medium,
  version: "visible" | "durable" | "pristine",
  offsetBytes: number,
  lengthBytes: number,
): Uint8Array<ArrayBuffer> {
  const bytes =
    version === "visible" ? medium.content.copy(offsetBytes, lengthBytes) : medium[version](offsetBytes, lengthBytes);
  return new Uint8Array(bytes);
}
