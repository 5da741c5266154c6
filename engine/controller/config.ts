import type { ImageMethod } from "../image/image-head.ts";
import type { Clock, Disk, LinkEndpoint, Log, Random } from "../ports/index.ts";

/** What a storage system is told of itself. */
export interface SystemConfig {
  readonly name: string;
  readonly volumes: readonly VolumeConfig[];
  readonly links: readonly LinkConfig[];
  /** Images that are fixed when a mirror of the volume is suspended (LS-1). */
  readonly images?: readonly ImageConfig[];
  readonly journals?: readonly JournalConfig[];
}

/** How a volume's image is kept (LS-2). */
export interface ImageConfig {
  readonly volume: string;
  readonly method: ImageMethod;
  /** The volume with room for it, for nothing else; without for `lsn`, which needs a journal of the volume. */
  readonly area?: string;
}

/** Journals of one group. */
export const GROUP_VOLUMES_MAX = 64;

/** Where a volume's journal is (JR-1); both volumes are for nothing else. */
export interface JournalConfig {
  readonly volume: string;
  readonly log: string;
  /** Of the volume's size: the image that the entries follow. */
  readonly base: string;
  /** Volumes that are recovered together, to one moment (JR-2); at most {@link GROUP_VOLUMES_MAX}. */
  readonly group?: string;
}

export interface VolumeConfig {
  readonly name: string;
  readonly sizeBytes: number;
  /** The tracking granule, a power of two from 512 on; 8192 by default in deployments (BR-3). */
  readonly trackBytes: number;
  /**
   * How many bytes of a remote mirror's volume are marked durably at once, before the first write there: a multiple
   * of `trackBytes`, which it is without. See `mirror/hot-regions.ts`.
   */
  readonly regionBytes?: number;
  /** Regions that stay marked while they are in use, and are copied whole after a crash; 256 without. */
  readonly hotRegions?: number;
}

/** A link to another system; one end dials, the other listens. */
export interface LinkConfig {
  readonly name: string;
  readonly peer: string;
  readonly role: "dial" | "listen";
  readonly address: string;
}

/** All that a system knows of the world (rule 1), for one incarnation of its program. */
export interface SystemPorts {
  /** By volume name. */
  readonly disks: ReadonlyMap<string, Disk>;
  /** For the copy management table and the pending bitmaps. */
  readonly meta: Disk;
  readonly links: LinkEndpoint;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
