import type { ControlClient } from "../control/client.ts";
import { UsageError } from "./run-commander.ts";

export interface RecoverFlags {
  readonly lsn?: number;
  /** Seconds. */
  readonly ago?: number;
  /** Microseconds since 1970. */
  readonly time?: number;
}

const US_PER_SECOND = 1e6;

/** The moment that the flags name; `ago` counts from now, as journals count. @throws UsageError, and as the client */
export async function recoveryPoint(
  client: ControlClient,
  { lsn, ago, time }: RecoverFlags,
): Promise<{ readonly lsn: number } | { readonly timeUs: number }> {
  if ([lsn, ago, time].filter((given) => given !== undefined).length !== 1)
    throw new UsageError("which moment? give one of --lsn, --ago and --time");
  if (lsn !== undefined) return { lsn };
  if (time !== undefined) return { timeUs: time };
  const { journals } = await client.status();
  const nowUs = Math.max(0, ...journals.map((journal) => journal.nowUs));
  return { timeUs: Math.max(0, nowUs - Math.round((ago ?? 0) * US_PER_SECOND)) };
}

/** Likewise, of a group: an entry is one of the journal of a volume. @throws UsageError, and as the client */
export async function groupPoint(
  client: ControlClient,
  { volume, ...flags }: RecoverFlags & { readonly volume?: string },
): Promise<{ readonly volume: string; readonly lsn: number } | { readonly timeUs: number }> {
  const point = await recoveryPoint(client, flags);
  if ("timeUs" in point) return point;
  if (volume === undefined) throw new UsageError("the entry of which journal? give --volume with --lsn");
  return { volume, ...point };
}
