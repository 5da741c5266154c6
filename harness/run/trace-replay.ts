import type { TraceStep } from "../plan/step.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import type { TraceEntry } from "../trace/trace-entry.ts";
import type { Host, HostOutcome } from "./host.ts";

/** The recording saw requests whole; a device gets them in parts of this size, as the kernel would send them. */
const REQUEST_BYTES_MAX = 1024 * 1024;

/** Replays a recorded trace through a host, and knows how much of it is certain to be where. */
export class TraceReplay {
  readonly name: string;
  /** Entries from the first on that the host's own volume surely holds. */
  acknowledged = 0;
  #mirrored = 0;
  readonly #isInStep: () => boolean;

  /** @param isInStep whether, now, the secondary surely lacks nothing that was acknowledged */
  constructor(name: string, isInStep: () => boolean) {
    this.name = name;
    this.#isInStep = isInStep;
  }

  /** Entries from the first on that both sides of the mirror surely hold. */
  get mirrored(): number {
    // A resync may have ended after the last entry.
    this.#observe();
    return this.#mirrored;
  }

  /** Gives the first failure that ended it early, if one did. */
  async run(host: Host, step: TraceStep, trace: LoadedTrace): Promise<HostOutcome | undefined> {
    const { from, to } = step.entries ?? { from: 0, to: trace.entries.length };
    for (const entry of trace.entries.slice(from, to)) {
      for (;;) {
        const outcome = await applyTo(host, entry);
        if (outcome.code === "DONE") break;
        if (step.onGone !== "repeat" || (outcome.code !== "GONE" && host.system.serving !== undefined)) return outcome;
        await host.recover(outcome);
      }
      this.acknowledged = entry.index + 1;
      this.#observe();
    }
    return undefined;
  }

  #observe(): void {
    if (this.#isInStep()) this.#mirrored = this.acknowledged;
  }
}

async function applyTo(host: Host, entry: TraceEntry): Promise<HostOutcome> {
  if (entry.flush) {
    const outcome = await host.flush();
    if (outcome.code !== "DONE") return outcome;
  }
  if (entry.discard) return host.trim(entry.offsetBytes, entry.lengthBytes);
  for (let at = 0; at < entry.data.length; at += REQUEST_BYTES_MAX) {
    const part = entry.data.subarray(at, at + REQUEST_BYTES_MAX);
    const outcome = await host.write(entry.offsetBytes + at, part, entry.fua);
    if (outcome.code !== "DONE") return outcome;
  }
  return { code: "DONE", why: "" };
}
