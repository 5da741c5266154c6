import type { BlockDevice, ByteRun } from "../files/file-system.ts";
import { FileSystemError } from "../files/file-system.ts";
import type { Host, HostOutcome } from "./host.ts";

/** Refusals and errors in a row: some ten seconds of them. A system that is down is waited for without end. */
const FAILURES_MAX = 2000;

/**
 * A volume as a host's file system uses it. Requests go through the host, so the model knows every
 * byte; what fails is made again. @throws FileSystemError from both: the system keeps refusing
 */
export function hostDevice(host: Host): BlockDevice {
  return {
    sizeBytes: host.sizeBytes,
    async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
      let data: Uint8Array | undefined;
      const patience = new Patience(host);
      while (data === undefined) {
        const outcome = await host.read(offsetBytes, lengthBytes, (bytes) => {
          data = bytes;
        });
        if (outcome.code !== "DONE") await patience.after(outcome);
      }
      return data;
    },
    async write(runs: readonly ByteRun[]): Promise<void> {
      const patience = new Patience(host);
      for (let failed = await writeOnce(host, runs); failed !== undefined; failed = await writeOnce(host, runs))
        await patience.after(failed);
    },
  };
}

/** Writes all and flushes. One failure and nothing is sure: a crash may have taken what was acknowledged before. */
async function writeOnce(host: Host, runs: readonly ByteRun[]): Promise<HostOutcome | undefined> {
  for (const { offsetBytes, data } of runs) {
    const outcome = await host.write(offsetBytes, data, false);
    if (outcome.code !== "DONE") return outcome;
  }
  const outcome = await host.flush();
  return outcome.code === "DONE" ? undefined : outcome;
}

/** Waits after a failure, until too many of them. */
class Patience {
  readonly #host: Host;
  #failures = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  async after(outcome: HostOutcome): Promise<void> {
    if (++this.#failures > FAILURES_MAX) throw new FileSystemError(this.#host.volume, outcome.why);
    // An error of the device comes at once; time passes only if the host waits.
    await this.#host.recover(outcome.code === "EIO" ? { ...outcome, code: "REFUSED" } : outcome);
  }
}
