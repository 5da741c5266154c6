import { below, chance, NS_PER_MS, type Random, SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { WorkloadStep } from "../plan/step.ts";
import type { Host, HostOutcome } from "./host.ts";

/** One host request, drawn before it is known when it will be made. */
type Draw =
  | { readonly kind: "write"; readonly offsetBytes: number; readonly lengthBytes: number; readonly fua: boolean }
  | { readonly kind: "read" | "trim" | "zeroes"; readonly offsetBytes: number; readonly lengthBytes: number }
  | { readonly kind: "flush" };

/** Host I/O drawn from one stream: the same requests in the same order, whatever faults strike. */
export async function runWorkload(host: Host, step: WorkloadStep, random: Random, nowNs: () => number): Promise<void> {
  const endNs = step.lastsMs === undefined ? Number.POSITIVE_INFINITY : nowNs() + step.lastsMs * NS_PER_MS;
  const source = new DrawSource(host, step, random);
  const think = random.fork("think");
  const thinkUsMax = step.thinkUsMax ?? 1000;
  let stopped = false;
  const slot = async (): Promise<void> => {
    for (let draw = source.next(); draw !== undefined && !stopped && nowNs() < endNs; draw = source.next()) {
      const outcome = await make(host, draw);
      if (outcome.code !== "DONE" && (outcome.code === "GONE" || host.system.serving === undefined)) {
        if (step.onGone === "stop") stopped = true;
        else await host.recover(outcome);
      } else if (outcome.code === "REFUSED") await host.recover(outcome);
      if (thinkUsMax > 0 && !stopped) await host.sleep(below(think, thinkUsMax + 1) * 1000);
    }
  };
  const slots: Promise<void>[] = [];
  for (let index = 0; index < (step.concurrency ?? 4); index++) slots.push(slot());
  await Promise.all(slots);
}

function make(host: Host, draw: Draw): Promise<HostOutcome> {
  switch (draw.kind) {
    case "write":
      return host.writeStamped(draw.offsetBytes, draw.lengthBytes, draw.fua);
    case "read":
      return host.read(draw.offsetBytes, draw.lengthBytes);
    case "trim":
      return host.trim(draw.offsetBytes, draw.lengthBytes);
    case "zeroes":
      return host.writeZeroes(draw.offsetBytes, draw.lengthBytes);
    case "flush":
      return host.flush();
  }
}

class DrawSource {
  readonly #step: WorkloadStep;
  readonly #random: Random;
  readonly #start: number;
  readonly #length: number;
  readonly #trackBytes: number;
  readonly #bytesMax: number;
  #writesLeft: number;
  #readsOwed = 0;
  #sinceFlush = 0;

  constructor(host: Host, step: WorkloadStep, random: Random) {
    this.#step = step;
    this.#random = random;
    this.#start = step.range?.offsetBytes ?? 0;
    this.#length = step.range?.lengthBytes ?? host.sizeBytes;
    this.#trackBytes = host.trackBytes;
    this.#bytesMax = Math.min(step.bytesMax ?? 4 * host.trackBytes, this.#length);
    this.#writesLeft = step.writes;
  }

  next(): Draw | undefined {
    const { flushEvery, reads = 0.1, trim = 0, fua = 0 } = this.#step;
    if (flushEvery !== undefined && this.#sinceFlush >= flushEvery) {
      this.#sinceFlush = 0;
      return { kind: "flush" };
    }
    if (this.#readsOwed >= 1) {
      this.#readsOwed--;
      const { offsetBytes, lengthBytes } = this.#range();
      return { kind: "read", offsetBytes, lengthBytes };
    }
    if (this.#writesLeft === 0) return undefined;
    this.#writesLeft--;
    this.#sinceFlush++;
    this.#readsOwed += reads;
    const { offsetBytes, lengthBytes } = this.#range();
    if (trim > 0 && chance(this.#random, trim)) {
      return { kind: chance(this.#random, 0.5) ? "trim" : "zeroes", offsetBytes, lengthBytes };
    }
    return { kind: "write", offsetBytes, lengthBytes, fua: fua > 0 && chance(this.#random, fua) };
  }

  /** Whole tracks, or whole sectors without regard to tracks. */
  #range(): { readonly offsetBytes: number; readonly lengthBytes: number } {
    const partial = chance(this.#random, this.#step.partialTrack ?? 0.3);
    const unit = partial || this.#trackBytes > this.#bytesMax ? SECTOR_BYTES : this.#trackBytes;
    const most = partial ? Math.min(this.#bytesMax, 2 * this.#trackBytes) : this.#bytesMax;
    const start = Math.ceil(this.#start / unit);
    // Aligned tracks, where there are any; the last, partial one is reached by partial writes.
    const units = Math.floor((this.#start + this.#length) / unit) - start;
    if (units <= 0) return { offsetBytes: this.#start, lengthBytes: SECTOR_BYTES };
    const count = 1 + below(this.#random, Math.max(1, Math.min(units, Math.floor(most / unit))));
    const first = start + below(this.#random, units - count + 1);
    return { offsetBytes: first * unit, lengthBytes: count * unit };
  }
}
