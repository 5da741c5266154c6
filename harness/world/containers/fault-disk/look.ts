import { z } from "zod";
import type { DiskChange } from "../../run-world.ts";
import type { FaultDisk } from "./fault-disk.ts";

/** A change, with the bytes that the disk holds there now. */
export interface LookedChange extends Omit<DiskChange, "faultId"> {
  readonly faultId?: number;
  readonly disk: string;
  readonly data: Uint8Array;
}

/** What happened to all disks after an event, as of one moment. */
export interface Look {
  /** The number of the last event that it has in it. */
  readonly last: number;
  readonly changes: readonly LookedChange[];
  /** By disk: writes, trims and flushes since. */
  readonly writes: Readonly<Record<string, number>>;
  /** Groups without power. */
  readonly off: readonly string[];
}

const MOST_EVENTS = 65_536;

/** Looks at every disk within one turn of the event loop: nothing happens in between. */
export function lookAt(faultDisk: FaultDisk, after: number): Look {
  const changes: LookedChange[] = [];
  const writes: Record<string, number> = {};
  const { events, last, missed } = faultDisk.events.after(after, MOST_EVENTS);
  for (const { disk, event, offsetBytes, lengthBytes, faultId } of events) {
    if (event === "write" || event === "trim" || event === "flush") writes[disk] = (writes[disk] ?? 0) + 1;
    if (event === "flush" || event === "acted") continue;
    const data = faultDisk.disk(disk).medium.content.copy(offsetBytes, lengthBytes);
    changes.push({
      disk,
      offsetBytes,
      lengthBytes,
      reason: event,
      data,
      ...(faultId === undefined ? {} : { faultId }),
    });
  }
  // Whoever fell so far behind gets all there is.
  if (missed > 0) {
    for (const { name, medium } of faultDisk.disks()) {
      for (const range of medium.content.allocatedRanges()) {
        const data = medium.content.copy(range.offsetBytes, range.lengthBytes);
        changes.push({ disk: name, ...range, reason: "write", data });
      }
    }
  }
  return { last, changes, writes, off: faultDisk.groupsWithoutPower() };
}

/** A look on its way: bytes as base64. */
export const lookSchema = z.object({
  last: z.number(),
  changes: z.array(
    z.object({
      disk: z.string(),
      offsetBytes: z.number(),
      lengthBytes: z.number(),
      reason: z.enum(["write", "trim", "power-loss", "fault"]),
      faultId: z.number().exactOptional(),
      data: z.base64(),
    }),
  ),
  writes: z.record(z.string(), z.number()),
  off: z.array(z.string()),
});

export function encodeLook({ changes, ...look }: Look): z.infer<typeof lookSchema> {
  return {
    ...look,
    changes: changes.map(({ data, ...change }) => ({ ...change, data: Buffer.from(data).toString("base64") })),
    off: [...look.off],
  };
}

export function decodeLook(json: unknown): Look {
  const { changes, ...look } = lookSchema.parse(json);
  return { ...look, changes: changes.map(({ data, ...change }) => ({ ...change, data: Buffer.from(data, "base64") })) };
}
