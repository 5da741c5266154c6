import { DiskError, type Random, SECTOR_BYTES } from "../../../../engine/ports/index.ts";
import { checkFault, type DiskFaultSpec } from "./disk-fault.ts";
import { InjectedFault, type RequestShape } from "./injected-fault.ts";
import { Medium } from "./medium.ts";

/** What the faults of a disk have in store for one request. Decided when it is accepted. */
export interface FaultDecision {
  /** It waits: for this fault to be healed, or for its duration. */
  readonly stall: InjectedFault | undefined;
  /** How it goes wrong. */
  readonly outcome: InjectedFault | undefined;
  /** How a power loss tears it. */
  readonly tear: InjectedFault | undefined;
}

/**
 * A {@link Medium} with faults: requests without time. Whoever serves them asks for the decision
 * when a request is accepted, and executes it with that decision when it completes.
 */
export class FaultyMedium {
  readonly medium: Medium;
  readonly #name: string;
  readonly #random: Random;
  readonly #faults: InjectedFault[] = [];
  readonly #streams = new Map<string, number>();
  #lastFaultId = 0;

  /** @param random the disk's own stream; faults and power losses fork theirs from it */
  constructor(name: string, sizeBytes: number, cacheBytes: number, random: Random) {
    this.#name = name;
    this.#random = random;
    this.medium = new Medium(sizeBytes, cacheBytes, random.fork("power-loss"));
  }

  /** Adds a fault; where several choose a request, the one injected first decides. @throws DiskFaultError */
  inject(spec: DiskFaultSpec): InjectedFault {
    checkFault(spec, this.#name, this.medium.content.sizeBytes);
    const faultId = ++this.#lastFaultId;
    const fault = new InjectedFault(faultId, spec, this.#streamOf(spec));
    if (spec.kind === "bit-rot") {
      this.#rot(fault, spec.bitIndex, spec.bits ?? 1);
      return fault;
    }
    this.#faults.push(fault);
    fault.onHeal(() => {
      const index = this.#faults.indexOf(fault);
      if (index >= 0) this.#faults.splice(index, 1);
    });
    return fault;
  }

  /** `undefined` for a request that goes as it should. */
  decide(request: RequestShape): FaultDecision | undefined {
    if (this.#faults.length === 0) return undefined;
    let stall: InjectedFault | undefined;
    let outcome: InjectedFault | undefined;
    let tear: InjectedFault | undefined;
    for (const fault of this.#faults) {
      const { kind } = fault.spec;
      if (kind === "stall") {
        if (stall === undefined && fault.chooses(request)) stall = fault;
      } else if (kind === "torn-write") {
        if (tear === undefined && fault.chooses(request)) tear = fault;
      } else if (outcome === undefined && fault.chooses(request)) outcome = fault;
    }
    return stall === undefined && outcome === undefined && tear === undefined ? undefined : { stall, outcome, tear };
  }

  /** @param into where the bytes go; without, a buffer of their own. @throws DiskError */
  read(offsetBytes: number, lengthBytes: number, decision?: FaultDecision, into?: Uint8Array): Uint8Array {
    this.#failIf(decision, offsetBytes, lengthBytes);
    return this.medium.content.copy(offsetBytes, lengthBytes, into);
  }

  /** @param mark of {@link Medium.flushMark}, when the flush was accepted. @throws DiskError */
  flush(mark: number, decision?: FaultDecision): void {
    this.#failIf(decision, 0, 0);
    this.medium.flush(mark);
  }

  /** @throws DiskError */
  trim(offsetBytes: number, lengthBytes: number, decision?: FaultDecision): void {
    if (decision?.outcome === undefined) this.medium.trim(offsetBytes, lengthBytes);
    else {
      for (const { start, end } of reachedBy(decision.outcome, lengthBytes)) {
        this.medium.trim(offsetBytes + start, end - start, { isRefused: true });
      }
      this.#failIf(decision, offsetBytes, lengthBytes);
    }
  }

  /** @throws DiskError */
  write(offsetBytes: number, data: Uint8Array, fua: boolean, decision?: FaultDecision): void {
    const { medium } = this;
    const tear = tearOf(decision);
    const since = medium.undo.tail;
    // A write to be torn goes through the cache even with FUA, until it is seen whether power is lost.
    const placement = fua && tear === undefined ? "durable" : "volatile";
    const outcome = decision?.outcome;
    if (outcome === undefined) medium.write(offsetBytes, data, placement);
    else this.#writeWrong(offsetBytes, data, placement, outcome);
    if (decision === undefined) return;
    if (tear !== undefined) {
      this.#tear(tear, offsetBytes, since);
      tear.announce();
      if (fua) medium.settle(offsetBytes, data.length);
    }
    this.#failIf(decision, offsetBytes, data.length);
    outcome?.announce();
  }

  /** A write or trim in flight at a power loss: it enters the cache, to be kept or lost sector by sector. */
  arrive(offsetBytes: number, lengthBytes: number, data: Uint8Array | undefined, decision?: FaultDecision): void {
    if (data === undefined) {
      this.medium.trim(offsetBytes, lengthBytes);
      return;
    }
    const since = this.medium.undo.tail;
    const outcome = decision?.outcome;
    if (outcome === undefined || isFailure(outcome)) this.medium.write(offsetBytes, data, "volatile");
    else this.#writeWrong(offsetBytes, data, "volatile", outcome);
    outcome?.hush();
    const tear = tearOf(decision);
    if (tear === undefined) return;
    this.#tear(tear, offsetBytes, since);
    tear.hush();
  }

  #writeWrong(offsetBytes: number, data: Uint8Array, placement: "volatile" | "durable", fault: InjectedFault): void {
    const { medium } = this;
    if (isFailure(fault)) {
      for (const { start, end } of reachedBy(fault, data.length)) {
        // A failed write promises nothing, durability least of all.
        medium.write(offsetBytes + start, data.subarray(start, end), "volatile", { isRefused: true });
      }
      return;
    }
    const { start, end } = fault.partOf(offsetBytes, data.length);
    if (start > 0) medium.write(offsetBytes, data.subarray(0, start), placement);
    if (end < data.length) medium.write(offsetBytes + end, data.subarray(end), placement);
    const part = data.subarray(start, end);
    const at = offsetBytes + start;
    if (fault.spec.kind === "bit-flip") {
      const bitIndex = fault.spec.bitIndex ?? fault.below(part.length * 8);
      const sectorCount = medium.diverge(at, part.length, flipped(part, bitIndex), part, placement, fault.faultId);
      fault.acted(sectorCount);
      return;
    }
    let sectorCount = medium.diverge(at, part.length, undefined, part, placement, fault.faultId);
    if (fault.spec.kind === "misdirected-write") {
      const sectors = medium.content.sizeBytes / SECTOR_BYTES - part.length / SECTOR_BYTES + 1;
      const to = fault.spec.toOffsetBytes ?? fault.below(sectors) * SECTOR_BYTES;
      // At the end of the device the rest of it lands nowhere.
      const landing = part.subarray(0, medium.content.sizeBytes - to);
      // Durable like the write; but what it lands on may be volatile, and then shares that one's fate:
      // an honest disk could still have lost it.
      const fate = placement === "durable" ? "in-place" : "volatile";
      sectorCount += medium.diverge(to, landing.length, landing, undefined, fate, fault.faultId);
    }
    if (sectorCount > 0) fault.acted(sectorCount);
  }

  #tear(fault: InjectedFault, offsetBytes: number, since: number): void {
    if (fault.spec.kind !== "torn-write") return;
    const { sectors } = fault.spec;
    const first = offsetBytes / SECTOR_BYTES;
    this.medium.tear(since, (sectorIndex) => {
      const inWrite = sectorIndex - first;
      const kept = typeof sectors === "number" ? inWrite < sectors : sectors.includes(inWrite);
      if (!kept) fault.tookSector();
      return kept;
    });
    fault.acted(0);
  }

  /** Named by what the fault is, not by its number: taking one fault away leaves the draws of the others. */
  #streamOf({ kind, range }: DiskFaultSpec): Random {
    const where = range === undefined ? "all" : `${range.offsetBytes}+${range.lengthBytes}`;
    const name = `fault/${kind}/${where}`;
    const nth = (this.#streams.get(name) ?? 0) + 1;
    this.#streams.set(name, nth);
    return this.#random.fork(`${name}/${nth}`);
  }

  #rot(fault: InjectedFault, bitIndex: number | undefined, bits: number): void {
    const { content } = this.medium;
    const range = fault.spec.range ?? { offsetBytes: 0, lengthBytes: content.sizeBytes };
    let sectorCount = 0;
    for (let count = 0; count < bits; count++) {
      const bit =
        ((bitIndex ?? fault.below(range.lengthBytes * 8)) + (bitIndex === undefined ? 0 : count)) %
        (range.lengthBytes * 8);
      const inSector = bit % (SECTOR_BYTES * 8);
      const at = range.offsetBytes + (bit - inSector) / 8;
      const rotten = flipped(content.peek(at, SECTOR_BYTES), inSector);
      sectorCount += this.medium.diverge(at, SECTOR_BYTES, rotten, undefined, "in-place", fault.faultId);
    }
    fault.acted(sectorCount);
  }

  #failIf(decision: FaultDecision | undefined, offsetBytes: number, lengthBytes: number): void {
    const fault = decision?.outcome;
    if (fault === undefined || !isFailure(fault)) return;
    fault.acted(0);
    fault.announce();
    throw new DiskError(fault.spec.kind === "enospc" ? "ENOSPC" : "EIO", offsetBytes, lengthBytes);
  }
}

/** The power would go after the fault is over, and whoever healed it would think that the system runs. */
function tearOf(decision: FaultDecision | undefined): InjectedFault | undefined {
  return decision?.tear?.isHealed === false ? decision.tear : undefined;
}

function isFailure({ spec }: InjectedFault): boolean {
  return spec.kind === "eio" || spec.kind === "enospc";
}

/** The runs of sectors, relative to its start, that a failed request reached all the same. */
function reachedBy(fault: InjectedFault, lengthBytes: number): { start: number; end: number }[] {
  const reach = fault.spec.kind === "eio" ? (fault.spec.reach ?? "random") : "none";
  if (reach === "none") return [];
  if (reach === "all") return [{ start: 0, end: lengthBytes }];
  const runs: { start: number; end: number }[] = [];
  for (let start = 0; start < lengthBytes; start += SECTOR_BYTES) {
    if (fault.below(2) === 0) continue;
    const last = runs[runs.length - 1];
    if (last !== undefined && last.end === start) last.end += SECTOR_BYTES;
    else runs.push({ start, end: start + SECTOR_BYTES });
  }
  return runs;
}

/** A copy with one bit the other way; bit 0 is the lowest of the first byte. */
function flipped(bytes: Uint8Array, bitIndex: number): Uint8Array {
  const copy = bytes.slice();
  const bit = bitIndex % (bytes.length * 8);
  const at = Math.floor(bit / 8);
  copy[at] = (copy[at] as number) ^ (1 << (bit % 8));
  return copy;
}
