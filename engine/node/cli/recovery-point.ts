import type { ControlClient } from "../control/client.ts";
import { UsageError } from "./run-commander.ts";

export interface RecoverFlags {
  readonly lsn?: number;
  /** Seconds. */
  readonly ago?: number;
  readonly timeNs?: number;
}

const NS_PER_SECOND = 1e9;

/** The moment that the flags name; `ago` counts from now by the engine's clock. @throws UsageError, and as the client */
export async function recoveryPoint(
  client: ControlClient,
  { lsn, ago, timeNs }: RecoverFlags,
): Promise<{ readonly lsn: number } | { readonly timeNs: number }> {
  if ([lsn, ago, timeNs].filter((given) => given !== undefined).length !== 1)
    throw new UsageError("which moment? give one of --lsn, --ago and --time-ns");
  if (lsn !== undefined) return { lsn };
  if (timeNs !== undefined) return { timeNs };
  const { atNs } = await client.status();
  return { timeNs: Math.max(0, atNs - Math.round((ago ?? 0) * NS_PER_SECOND)) };
}

/** Likewise, of a group: an entry is one of the journal of a volume. @throws UsageError, and as the client */
export async function groupPoint(
  client: ControlClient,
  { volume, ...flags }: RecoverFlags & { readonly volume?: string },
): Promise<{ readonly volume: string; readonly lsn: number } | { readonly timeNs: number }> {
  const point = await recoveryPoint(client, flags);
  if ("timeNs" in point) return point;
  if (volume === undefined) throw new UsageError("the entry of which journal? give --volume with --lsn");
  return { volume, ...point };
}
