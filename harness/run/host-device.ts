import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { BlockDevice, ByteRun } from "../files/file-system.ts";
import { FileSystemError } from "../files/file-system.ts";
import type { Host, HostOutcome } from "./host.ts";

/** So long requests may fail, one after the other. A system that is down is waited for without end. */
const FAILING_NS_MAX = 10_000 * NS_PER_MS;

/**
 * A volume as a host's file system uses it. Requests go through the host, so the model knows every
 * byte; what fails is made again. @throws FileSystemError from both: the system keeps refusing
 */
export function hostDevice(host: Host, nowNs: () => number): BlockDevice {
  return {
    sizeBytes: host.sizeBytes,
    async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
      let data: Uint8Array | undefined;
      const patience = new Patience(host, nowNs);
      while (data === undefined) {
        const outcome = await host.read(offsetBytes, lengthBytes, (bytes) => {
          data = bytes;
        });
        if (outcome.code !== "DONE") await patience.after(outcome);
      }
      return data;
    },
    async write(runs: readonly ByteRun[]): Promise<void> {
      const patience = new Patience(host, nowNs);
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

/** Waits after a failure, until they have lasted too long. */
class Patience {
  readonly #host: Host;
  readonly #nowNs: () => number;
  #sinceNs: number | undefined;

  constructor(host: Host, nowNs: () => number) {
    this.#host = host;
    this.#nowNs = nowNs;
  }

  async after(outcome: HostOutcome): Promise<void> {
    if (this.#host.system.serving === undefined) this.#sinceNs = undefined;
    else this.#sinceNs ??= this.#nowNs();
    if (this.#sinceNs !== undefined && this.#nowNs() - this.#sinceNs > FAILING_NS_MAX)
      throw new FileSystemError(this.#host.volume, outcome.why);
    // An error of the device comes at once; time passes only if the host waits.
    await this.#host.recover(outcome.code === "EIO" ? { ...outcome, code: "REFUSED" } : outcome);
  }
}
