import type { Direction } from "../../../world.ts";
import type { Toxic } from "../proxy/toxic.ts";

/** A differential test: what is done to one proxy and its connections, and when. Plain data. */
export interface Schedule {
  readonly name: string;
  /** Installed before the first connection, in this order. */
  readonly toxics: readonly ScheduledToxic[];
  readonly actions: readonly Action[];
  /** How long to look on. */
  readonly untilMs: number;
  /** How far apart the times may be; 25 by default. */
  readonly toleranceMs?: number;
  /** `ends` where the bytes depend on the sizes of real kernel buffers. */
  readonly compare?: "all" | "ends";
}

export interface ScheduledToxic {
  readonly name: string;
  readonly direction: Direction;
  readonly toxic: Toxic;
  readonly toxicity?: number;
}

export type Side = "client" | "server";

/** `connection` counts from 0 in the order of the `connect` actions. */
export type Action = { readonly atMs: number } & (
  | { readonly do: "connect" }
  | { readonly do: "write"; readonly side: Side; readonly sizeBytes: number; readonly connection?: number }
  | {
      readonly do: "finish" | "close" | "reset" | "pause" | "resume";
      readonly side: Side;
      readonly connection?: number;
    }
  | ({ readonly do: "addToxic" } & ScheduledToxic)
  | { readonly do: "updateToxic"; readonly name: string; readonly toxic: Toxic; readonly toxicity?: number }
  | { readonly do: "removeToxic"; readonly name: string }
  | { readonly do: "enable" | "disable" | "delete" | "resetAll" | "restart" | "stopServer" | "startServer" }
);

/** What one side of one connection saw. */
export interface SideRecord {
  /** Bytes received in total, after each moment at which some came: [ms, bytes]. */
  readonly curve: readonly (readonly [number, number])[];
  /** FNV-1a of all bytes received. */
  readonly content: number;
  readonly end?: "fin" | "rst" | "refused";
  readonly endMs?: number;
}

export interface ConnectionRecord {
  readonly client: SideRecord;
  /** Missing if the connection never reached the server. */
  readonly server?: SideRecord;
}

/** A schedule with what a real server made of it. */
export interface Recording {
  readonly schedule: Schedule;
  /** When each action was really begun, in the order of the schedule. */
  readonly startedMs: readonly number[];
  /** When the API answered each action; absent for the others, and where it never did. */
  readonly answeredMs: readonly (number | null)[];
  readonly connections: readonly ConnectionRecord[];
}

/** The content of `recorded/*.json`. */
export interface RecordingFile {
  readonly toxiproxyVersion: string;
  readonly recordings: readonly Recording[];
}

/** `sizeBytes` of what `side` sends, from `offset` on: no two places look alike for long. */
export function pattern(side: Side, offset: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const first = side === "client" ? 1 : 101;
  for (let index = 0; index < sizeBytes; index++) {
    const at = offset + index;
    bytes[index] = at * 31 + (at >>> 8) * 7 + first;
  }
  return bytes;
}
