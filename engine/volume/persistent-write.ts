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
export function writePersistently(writer: PersistentWriter, offsetBytes: number, data: Uint8Array): Promise<void> {
  return persistently(writer, () => writer.disk.write(offsetBytes, data, { fua: true }));
}

/**
 * For whoever is about to believe what a disk holds: of a program that was killed, its cache may hold writes that never became
 * durable, those that the device refused among them. What is read before a flush could be gone after the next power loss.
 * Tries again as {@link writePersistently}.
 */
export function flushPersistently(writer: PersistentWriter): Promise<void> {
  return persistently(writer, () => writer.disk.flush());
}

async function persistently({ clock, log, failedStep }: PersistentWriter, work: () => Promise<void>): Promise<void> {
  for (let delayNs = RETRY_NS_FIRST; ; delayNs = Math.min(delayNs * 2, RETRY_NS_MAX)) {
    try {
      return await work();
    } catch (error) {
      log.step(failedStep, { code: handled(error, DiskError).code, retryMs: delayNs / NS_PER_MS });
      await sleep(clock, delayNs);
    }
  }
}
