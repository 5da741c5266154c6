import { z } from "zod";
import type { DiskChange } from "../../run-world.ts";
import { isZero, type SparseBytes } from "../../sim/disk/sparse-bytes.ts";
import type { FaultDisk } from "./fault-disk.ts";

/** A change, with the bytes that the disk holds there now; `undefined` if all of them are zero. */
export interface LookedChange extends Omit<DiskChange, "faultId"> {
  readonly faultId?: number;
  readonly disk: string;
  readonly data: Uint8Array | undefined;
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
  /** What happened to the same bytes again and again is one change: all of them would bring what is there now. */
  const changes = new Map<string, LookedChange>();
  const writes: Record<string, number> = {};
  const { events, last, missed } = faultDisk.events.after(after, MOST_EVENTS);
  for (const { disk, event, offsetBytes, lengthBytes, faultId, isRefused } of events) {
    if (event === "write" || event === "trim" || event === "flush") writes[disk] = (writes[disk] ?? 0) + 1;
    if (event === "flush" || event === "acted") continue;
    const key = `${disk} ${offsetBytes} ${lengthBytes} ${event} ${faultId ?? ""} ${isRefused ?? ""}`;
    const change = changes.get(key);
    if (change !== undefined) {
      // Its place is that of the last.
      changes.delete(key);
      changes.set(key, change);
      continue;
    }
    const data = heldBy(faultDisk.disk(disk).medium.content, offsetBytes, lengthBytes);
    const fault = faultId === undefined ? {} : { faultId };
    const refusal = isRefused === undefined ? {} : { isRefused };
    changes.set(key, { disk, offsetBytes, lengthBytes, reason: event, data, ...fault, ...refusal });
  }
  // Whoever fell so far behind gets all there is.
  if (missed > 0) {
    for (const { name, medium } of faultDisk.disks()) {
      for (const range of medium.content.allocatedRanges()) {
        const data = heldBy(medium.content, range.offsetBytes, range.lengthBytes);
        changes.set(`${name} ${range.offsetBytes} missed`, { disk: name, ...range, reason: "write", data });
      }
    }
  }
  return { last, changes: [...changes.values()], writes, off: faultDisk.groupsWithoutPower() };
}

/** A copy of bytes that are not all zero. What nobody wrote is not even looked through: it may be a whole volume. */
function heldBy(content: SparseBytes, offsetBytes: number, lengthBytes: number): Uint8Array | undefined {
  if (content.isEmpty(offsetBytes, lengthBytes)) return undefined;
  const data = content.copy(offsetBytes, lengthBytes);
  return isZero(data) ? undefined : data;
}

/** The head of a look on its way. What a change holds follows it, one after the other, but where that is zeros. */
export const lookHeadSchema = z.object({
  last: z.number(),
  changes: z.array(
    z.object({
      disk: z.string(),
      offsetBytes: z.number(),
      lengthBytes: z.number(),
      reason: z.enum(["write", "trim", "power-loss", "fault"]),
      faultId: z.number().exactOptional(),
      isRefused: z.literal(true).exactOptional(),
      isZero: z.boolean(),
    }),
  ),
  writes: z.record(z.string(), z.number()),
  off: z.array(z.string()),
});

const LENGTH_BYTES = 4;

/** The length of the head, the head as JSON, and the bytes. */
export function encodeLook({ changes, last, writes, off }: Look): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  const heads = changes.map(({ data, ...change }) => {
    if (data !== undefined) pieces.push(data);
    return { ...change, isZero: data === undefined };
  });
  const json: z.infer<typeof lookHeadSchema> = { last, changes: heads, writes: { ...writes }, off: [...off] };
  const head = Buffer.from(JSON.stringify(json));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, ...pieces]);
}

/** @throws ZodError, SyntaxError, RangeError: it is none */
export function decodeLook(bytes: Uint8Array): Look {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = LENGTH_BYTES + buffer.readUInt32LE(0);
  const head = lookHeadSchema.parse(JSON.parse(buffer.toString("utf8", LENGTH_BYTES, at)));
  const changes = head.changes.map(({ isZero, ...change }): LookedChange => {
    if (isZero) return { ...change, data: undefined };
    const start = at;
    at += change.lengthBytes;
    if (at > bytes.length) throw new RangeError(`a look that ends ${at - bytes.length} bytes early`);
    return { ...change, data: new Uint8Array(bytes.buffer, bytes.byteOffset + start, change.lengthBytes) };
  });
  return { ...head, changes };
}
