import { handled } from "../handled.ts";
import { type Clock, type Disk, DiskError, type Log, NS_PER_MS, sleep } from "../ports/index.ts";

const RETRY_NS_FIRST = NS_PER_MS;
const RETRY_NS_MAX = 1_000 * NS_PER_MS;

/** What a write that must not fail needs besides its disk. */
export interface PersistentWriter {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** Logged after each attempt that failed, with the device's `code` and when the next comes. */
  readonly failedStep: string;
}

/**
 * Durable when it settles. While the device fails it tries again, ever more slowly and without end: whoever
 * needs the data there does not acknowledge before.
 */
export async function writePersistently(
  { disk, clock, log, failedStep }: PersistentWriter,
  offsetBytes: number,
  data: Uint8Array,
): Promise<void> {
  for (let delayNs = RETRY_NS_FIRST; ; delayNs = Math.min(delayNs * 2, RETRY_NS_MAX)) {
    try {
      return await disk.write(offsetBytes, data, { fua: true });
    } catch (error) {
      log.step(failedStep, { code: handled(error, DiskError).code, retryMs: delayNs / NS_PER_MS });
      await sleep(clock, delayNs);
    }
  }
}
