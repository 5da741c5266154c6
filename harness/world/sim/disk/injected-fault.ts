import { below, chance, type Random } from "../../../../engine/ports/index.ts";
import type { DiskFaultSpec } from "./disk-fault.ts";
import type { RequestKind } from "./request.ts";

/** What a request is, as far as a trigger looks. */
export interface RequestShape {
  readonly kind: RequestKind;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** One fault of one disk: chooses its requests and counts what it did to them. */
export class InjectedFault {
  /** From 1, by disk, in the order of injection. */
  readonly faultId: number;
  readonly spec: DiskFaultSpec;
  readonly random: Random;
  readonly #onHeal: (() => void)[] = [];
  readonly #onEffect: (() => void)[] = [];
  /** Requests that matched kind and range while it was active, chosen or not. */
  #matching = 0;
  #chosen = 0;
  #requests = 0;
  #sectors = 0;
  #active = true;
  #unannounced = false;

  constructor(faultId: number, spec: DiskFaultSpec, random: Random) {
    this.faultId = faultId;
    this.spec = spec;
    this.random = random;
  }

  /**
   * What it really did: `requests` that it failed, delayed or falsified, `sectors` that came to
   * differ from what was acknowledged (torn: that a power loss took). All 0: it had no effect.
   */
  effects(): { readonly requests: number; readonly sectors: number } {
    return { requests: this.#requests, sectors: this.#sectors };
  }

  get isHealed(): boolean {
    return !this.#active;
  }

  /** Chooses no further request, and lets go of those that it stalls or was to tear. What it did stays done. Idempotent. */
  heal(): void {
    if (!this.#active) return;
    this.#active = false;
    for (const callback of this.#onHeal) callback();
  }

  /** Calls back once, within `heal`. */
  onHeal(callback: () => void): void {
    this.#onHeal.push(callback);
  }

  /**
   * Calls back within the event in which it acted on a request, before the caller of the request
   * knows: to cut the power at exactly that moment, say. Not for requests that a power loss ends.
   */
  onEffect(callback: () => void): void {
    this.#onEffect.push(callback);
  }

  /** True if it chooses this request. Draws at most once. */
  chooses(request: RequestShape): boolean {
    const { spec } = this;
    if (!this.#active || !isKind(spec, request.kind) || !touches(spec, request)) return false;
    if (this.#chosen >= (spec.count ?? Number.POSITIVE_INFINITY)) return false;
    this.#matching++;
    if (this.#matching < (spec.nth ?? 1)) return false;
    if (spec.probability !== undefined && !chance(this.random, spec.probability)) return false;
    this.#chosen++;
    return true;
  }

  /** The part of a range that the fault is about, relative to `offsetBytes`. */
  partOf(offsetBytes: number, lengthBytes: number): { start: number; end: number } {
    const { range } = this.spec;
    if (range === undefined) return { start: 0, end: lengthBytes };
    const start = Math.max(0, range.offsetBytes - offsetBytes);
    return { start, end: Math.max(start, Math.min(lengthBytes, range.offsetBytes + range.lengthBytes - offsetBytes)) };
  }

  /** A draw below `bound`, which may pass 2^32. */
  below(bound: number): number {
    if (bound <= 0x1_0000_0000) return below(this.random, bound);
    const high = below(this.random, Math.ceil(bound / 0x1_0000_0000));
    return Math.min(bound - 1, high * 0x1_0000_0000 + this.random.next32());
  }

  /** Counts what it did to one request. */
  acted(sectorCount: number): void {
    this.#requests++;
    this.#sectors += sectorCount;
    this.#unannounced = true;
  }

  /** Calls those who wait for {@link onEffect}, if it acted since; for whoever serves the requests. */
  announce(): void {
    if (!this.#unannounced) return;
    this.#unannounced = false;
    for (const callback of this.#onEffect) callback();
  }

  /** The acts since the last announcement are not news. */
  hush(): void {
    this.#unannounced = false;
  }

  /** Counts a sector that was taken later than its request. */
  tookSector(): void {
    this.#sectors++;
  }
}

function isKind(spec: DiskFaultSpec, kind: RequestKind): boolean {
  switch (spec.kind) {
    case "eio":
    case "stall":
      return spec.on.includes(kind);
    case "bit-rot":
      return false;
    case "enospc":
    case "lost-write":
    case "misdirected-write":
    case "bit-flip":
    case "torn-write":
      return kind === "write";
  }
}

function touches({ range }: DiskFaultSpec, request: RequestShape): boolean {
  if (range === undefined || request.kind === "flush") return true;
  const { offsetBytes, lengthBytes } = request;
  return offsetBytes < range.offsetBytes + range.lengthBytes && offsetBytes + lengthBytes > range.offsetBytes;
}
