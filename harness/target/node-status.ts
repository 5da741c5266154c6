import { z } from "zod";
import type { ImageReport, JournalReport, PairReport, RestoreReport } from "./target.ts";

// What a node tells of itself when it is asked.

const name = z.string().min(1);
const count = z.number().int().nonnegative();

const pair = z
  .object({
    pair: name,
    copyType: z.enum(["remote", "local"]).exactOptional().describe("remote without; a local one is listed twice"),
    volume: name.describe("its volume at this end"),
    role: z.enum(["primary", "secondary"]),
    status: z
      .enum(["SIMPLEX", "COPY", "DUPLEX", "SPLIT"])
      .describe("COPY: it is being copied; DUPLEX: in step; SPLIT: suspended, by a command or by a failure"),
    suspension: z
      .string()
      .default("")
      .describe("why it is SPLIT: operator, link, crash, error, takeover, diverged, not_consistent; empty otherwise"),
    consistent: z.boolean().describe("false while what this end holds is no moment that there ever was"),
    connected: z.boolean(),
    generation: z.string().default("").describe("identifies the data history, for people"),
    pendingTracks: count.describe("tracks that the other end may lack, as this end knows"),
    progress: z.object({ done: count, total: count }).exactOptional().describe("of the copy that runs, in tracks"),
    splitCount: count.exactOptional().describe("of a local mirror: identifies the moment that it holds"),
  })
  .meta({ id: "NodePair" });

const link = z
  .object({
    link: name,
    up: z.boolean().describe("whether it believes to have a connection over it"),
    receivedBytes: count.default(0).describe("since the program started, where link-traffic is declared"),
  })
  .meta({ id: "NodeLink" });

const image = z
  .object({
    volume: name,
    method: z.enum(["reserved-area", "old-data", "lsn"]),
    state: z.enum(["none", "fixed", "lost"]),
    moment: count,
  })
  .meta({ id: "NodeImage" });

const journal = z
  .object({
    volume: name,
    disk: name,
    state: z.enum(["logging", "recovering", "stopped"]),
    oldestLsn: count,
    newestLsn: count,
    oldestTimeUs: count,
    nowUs: count,
  })
  .meta({ id: "NodeJournal" });

const restore = z
  .object({ volume: name, from: z.enum(["mirror", "image", "journal"]), id: count, doneTracks: count, totalTracks: count })
  .meta({ id: "NodeRestore" });

/** The answer to `GET /v1/status`. */
export const nodeStatusSchema = z
  .object({
    volumes: z.array(z.object({ volume: name, sizeBytes: count }).meta({ id: "NodeVolume" })),
    pairs: z.array(pair),
    links: z.array(link),
    images: z.array(image).default([]).describe("where image is declared"),
    journals: z.array(journal).default([]).describe("where journal is declared"),
    restores: z.array(restore).default([]).describe("restores, recoveries and rollbacks that run"),
  })
  .meta({ id: "NodeStatus" });

/** What a node told of itself. */
export interface NodeStatus {
  /** Orders what it told: of two, the later word is that with the larger number. */
  readonly atNs: number;
  readonly volumes: readonly { readonly volume: string; readonly sizeBytes: number }[];
  readonly pairs: readonly PairReport[];
  readonly links: readonly { readonly link: string; readonly up: boolean; readonly receivedBytes: number }[];
  readonly images: readonly ImageReport[];
  readonly journals: readonly JournalReport[];
  readonly restores: readonly Omit<RestoreReport, "left" | "altered">[];
}

/** Tracks of a pair as rows of neighbours: the answer to `GET /v1/pairs/{pair}/pending`. */
export const nodeTracksSchema = z
  .object({
    trackBytes: count,
    runs: z.array(z.tuple([count, count])).describe("each: first track, number of tracks; ascending"),
  })
  .meta({ id: "NodeTracks" });

/** A set of tracks. */
export interface NodeTracks {
  readonly trackBytes: number;
  readonly runs: readonly (readonly [first: number, count: number])[];
}
