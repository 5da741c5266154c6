import { z } from "zod";
import { IMAGE_METHODS } from "../../image/image-head.ts";
import { TRACKERS } from "../../mirror/intent-store.ts";
import { MODES, ROLES, STATUSES } from "../../mirror/pair-entry.ts";

// What `GET /v1/status` tells, field by field as `engine/controller/reports.ts` has it. Read by its clients, too.

const name = z.string();
const count = z.number().int().nonnegative();

const volume = z
  .object({
    volume: name,
    sizeBytes: count,
    trackBytes: count,
    access: z.enum(["none", "read-only", "read-write"]).describe("what a host may do now"),
    reservedFor: z.string().describe("what the system keeps on it; empty for a volume of hosts"),
  })
  .meta({ id: "Volume" });

const pair = z
  .object({
    pair: name,
    copyType: z.enum(["remote", "local"]).describe("a local mirror is listed twice, once a volume"),
    volume: name,
    peerVolume: name,
    link: z.string().describe("empty for a local mirror"),
    mode: z.enum(MODES),
    tracker: z.enum(TRACKERS),
    role: z.enum(ROLES),
    status: z.enum(STATUSES),
    suspension: z.string().describe("why it is SPLIT; empty otherwise"),
    consistent: z
      .boolean()
      .describe("false while a resync overwrites this side, and after a rollback that lost its image half-way"),
    connected: z.boolean(),
    generation: z.string().describe("identifies the data history"),
    pendingTracks: count.describe("tracks that the other side may lack"),
    lag: z
      .object({ writes: count, seconds: z.number().nonnegative() })
      .optional()
      .describe("how far the other end of a remote pair is behind; counted from the start of this program"),
    traffic: z
      .object({ sentBytes: count, receivedBytes: count })
      .optional()
      .describe("of a remote pair, over its link; counted from the start of this program"),
    progress: z.object({ done: count, total: count }).optional().describe("of the resync that runs, in tracks"),
    splitCount: count.optional().describe("of a local mirror: identifies the moment that its mirror holds"),
  })
  .meta({ id: "Pair" });

const image = z
  .object({ volume: name, method: z.enum(IMAGE_METHODS), state: z.enum(["none", "fixed", "lost"]), moment: count })
  .meta({ id: "Image" });

const journal = z
  .object({
    volume: name,
    disk: name.describe("the disk that holds the content now; changes with a swap"),
    state: z.enum(["logging", "recovering", "stopped"]),
    oldestLsn: count,
    newestLsn: count,
    oldestTimeUs: count.describe("microseconds since 1970, as the journal counts: of the oldest moment"),
    nowUs: count.describe("likewise, the present"),
  })
  .meta({ id: "Journal" });

const restore = z
  .object({
    volume: name,
    from: z.enum(["mirror", "image", "journal"]),
    id: count,
    doneTracks: count,
    totalTracks: count,
  })
  .meta({ id: "Restore" });

const link = z
  .object({
    link: name,
    peer: name,
    role: z.enum(["dial", "listen"]),
    up: z.boolean(),
    sentBytes: count.describe("of frames, counted from the start of this program"),
    receivedBytes: count,
  })
  .meta({ id: "Link" });

export const statusSchema = z
  .object({
    system: name,
    boot: count.describe("starts of this system, this one included"),
    version: z.string(),
    atNs: z.number().nonnegative().describe("since the start of this program"),
    volumes: z.array(volume),
    pairs: z.array(pair),
    images: z.array(image),
    journals: z.array(journal),
    restores: z.array(restore),
    links: z.array(link),
  })
  .meta({ id: "Status" });

export type StatusDocument = z.infer<typeof statusSchema>;
export type PairStatusReport = StatusDocument["pairs"][number];

export const trackRunsSchema = z
  .object({
    trackBytes: count,
    trackCount: count,
    runs: z.array(z.tuple([count, count])).describe("each: first track, number of tracks; ascending"),
    next: count.optional().describe("there is more: ask again with from=next"),
  })
  .meta({ id: "TrackRuns" });

/** A set of tracks as rows of neighbours. */
export type TrackRuns = z.infer<typeof trackRunsSchema>;
