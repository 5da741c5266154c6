import { type Disk, DiskError, type Random, SECTOR_BYTES } from "../../../../engine/ports/index.ts";
import type { EventKind } from "../../../history/event-log.ts";
import { hashBytes } from "../../../history/rolling-hash.ts";
import { Process } from "../process.ts";
import type { UnflushedSector } from "../../run-world.ts";
import type { Scheduler } from "../scheduler.ts";
import { bufferPool } from "./buffer-pool.ts";
import type { ChangeListener, Damage } from "./change.ts";
import { contentDigest } from "./compare.ts";
import type { DiskFaultSpec } from "./disk-fault.ts";
import { drawOrphanFate } from "./orphan.ts";
import { FaultyMedium } from "./faulty-medium.ts";
import type { InjectedFault } from "./injected-fault.ts";
import type { Medium } from "./medium.ts";
import type { PowerLossMode, SectorChoice } from "./power-loss.ts";
import { assertRange, assertUntouched } from "./request-checks.ts";
import type { DiskRequest, RequestKind, RequestListener, RequestNotice } from "./request.ts";
import { OpenDisk } from "./open-disk.ts";
import { type DiskTiming, defaultTiming, latencyNs } from "./timing.ts";

export interface SimDiskOptions {
  readonly scheduler: Scheduler;
  /** The run's root stream; the disk forks its own from it. */
  readonly random: Random;
  /** Unique in a run, as in `a/pvol`. */
  readonly name: string;
  /** Whole sectors, up to 1 TiB; memory is used for what is written only. */
  readonly sizeBytes: number;
  readonly timing?: Partial<DiskTiming>;
  /** Bound of the volatile cache; beyond it the oldest writes become durable. */
  readonly cacheBytes?: number;
  /** Assert that callers leave the buffer of a write alone until it settles. Costs one hash a write. */
  readonly checkBuffers?: boolean;
}

const CACHE_BYTES = 16 * 1024 * 1024;
const IN_FLIGHT_MAX = 64 * 1024;

/**
 * A disk of the simulated world: {@link Medium} with latencies on virtual time. It outlives the
 * processes that open it.
 *
 * A request takes effect at one moment, when it completes. Requests of a process that was killed
 * complete on their own, as far as {@link drawOrphanFate} says, at the latest when the disk is opened again; at a power loss each
 * of their sectors may have been reached or not. It makes no difference which of the two is called first.
 */
export class SimDisk {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #scheduler: Scheduler;
  readonly #faulty: FaultyMedium;
  readonly #medium: Medium;
  readonly #device: Process;
  readonly #latencies: Random;
  readonly #orphans: Random;
  readonly #timing: DiskTiming;
  readonly #checkBuffers: boolean;
  readonly #kinds: Record<RequestKind | "data" | "orphan" | "wake" | "injected" | "stalled" | "powerLoss", EventKind>;
  /** In the order they started. A list: few at a time come and go, and a Set is made anew whenever it gets empty. */
  readonly #inFlight: DiskRequest[] = [];
  readonly #requestListeners: RequestListener[] = [];
  #requestIndex = 0;
  #powerLosses = 0;

  constructor(options: SimDiskOptions) {
    const random = options.random.fork(`disk/${options.name}`);
    const { log } = options.scheduler;
    this.name = options.name;
    this.sizeBytes = options.sizeBytes;
    this.#scheduler = options.scheduler;
    this.#faulty = new FaultyMedium(options.name, options.sizeBytes, options.cacheBytes ?? CACHE_BYTES, random);
    this.#medium = this.#faulty.medium;
    this.#device = new Process(options.scheduler, `disk/${options.name}`);
    this.#latencies = random.fork("latency");
    this.#orphans = random.fork("orphans");
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#checkBuffers = options.checkBuffers ?? true;
    this.#kinds = {
      read: log.kind("disk.read", "sector", "lengthBytes"),
      write: log.kind("disk.write", "sector", "lengthBytes"),
      flush: log.kind("disk.flush"),
      trim: log.kind("disk.trim", "sector", "lengthBytes"),
      data: log.kind("disk.data", "sector", "lengthBytes"),
      orphan: log.kind("disk.orphan", "sector", "doneBytes"),
      wake: log.kind("disk.wake", "requestIndex"),
      injected: log.kind("disk.fault", "faultId", "sectors"),
      stalled: log.kind("disk.stalled", "faultId", "requestIndex"),
      powerLoss: log.kind("disk.powerLoss", "inFlight", "lostSectors"),
    };
  }

  /** The disk as `process`, one incarnation, sees it. Requests that a dead process left complete first. */
  open(process: Process): Disk {
    for (const request of [...this.#inFlight]) if (request.process.state === "dead") this.#complete(request);
    return new OpenDisk(this.sizeBytes, (kind, offsetBytes, lengthBytes, buffer, fua) =>
      this.#submit(process, kind, offsetBytes, lengthBytes, buffer, fua),
    );
  }

  /**
   * Power is lost: of what was not durable each sector keeps one of its versions. Requests in
   * flight fail with EIO, which a process that dies at the same moment never sees.
   *
   * @returns the number of sectors that did not keep what was last written to them
   */
  powerLoss(mode: PowerLossMode | SectorChoice = "random"): number {
    this.#powerLosses++;
    const gone = this.#inFlight.splice(0);
    const lostSectorCount = this.#medium.powerLoss(mode, () => {
      for (const request of gone) this.#arrive(request);
    });
    this.#scheduler.note(this.#kinds.powerLoss, this.#device.actor, gone.length, lostSectorCount);
    for (const request of gone) {
      if (request.event !== undefined) request.event.callback = undefined;
      const { process, requestIndex, offsetBytes, lengthBytes } = request;
      // An event of its own: a process that is killed by what cut the power must not see it.
      this.#scheduler.schedule(0, process, this.#kinds.wake, requestIndex, 0, () =>
        request.reject(new DiskError("EIO", offsetBytes, lengthBytes)),
      );
    }
    return lostSectorCount;
  }

  /**
   * Lets the disk do something wrong, from now on. Decided for each request when it starts; one
   * that is under way when the fault is healed still suffers it, but is not torn any more.
   *
   * @throws DiskFaultError if the disk cannot be given this fault
   */
  inject(spec: DiskFaultSpec): InjectedFault {
    const fault = this.#faulty.inject(spec);
    this.#scheduler.note(this.#kinds.injected, this.#device.actor, fault.faultId, fault.effects().sectors);
    return fault;
  }

  /** What reads see now. No copy inside 64 KiB-aligned chunks: read only, valid until the next change. */
  peek(offsetBytes: number, lengthBytes: number): Uint8Array {
    this.#assertRange(offsetBytes, lengthBytes, 1);
    return this.#medium.content.peek(offsetBytes, lengthBytes);
  }

  /** See {@link Medium.unflushed}. Of faults that wait for a request in flight it knows nothing. */
  unflushed(idOf: (bytes: Uint8Array) => number): UnflushedSector[] {
    return this.#medium.unflushed(
      this.#inFlight.filter(({ kind }) => kind === "write" || kind === "trim"),
      idOf,
    );
  }

  /** What a power loss of everything volatile would leave. A copy; whole sectors. */
  durable(offsetBytes: number, lengthBytes: number): Uint8Array {
    this.#assertRange(offsetBytes, lengthBytes, SECTOR_BYTES);
    return this.#medium.durable(offsetBytes, lengthBytes);
  }

  /** What the disk would hold had it done what it acknowledged. A copy; whole sectors. */
  pristine(offsetBytes: number, lengthBytes: number): Uint8Array {
    this.#assertRange(offsetBytes, lengthBytes, SECTOR_BYTES);
    return this.#medium.pristine(offsetBytes, lengthBytes);
  }

  /** Every sector that differs from the pristine copy, with the fault that did it; rising. */
  damage(): Damage[] {
    return this.#medium.damage();
  }

  /** The fault because of which this sector differs from the pristine copy; `undefined` if it does not. */
  damageAt(sectorIndex: number): number | undefined {
    return this.#medium.overlay.get(sectorIndex)?.faultId;
  }

  /** Chunks that hold something, rising, neighbours merged. */
  allocatedRanges(): { offsetBytes: number; lengthBytes: number }[] {
    return this.#medium.content.allocatedRanges();
  }

  /** 16 hexadecimal digits of what reads see; equal content gives equal digests. */
  digest(): string {
    return contentDigest(this.#medium.content);
  }

  /** The run is over: the memory goes to the disks of the next one. What was peeked at must be forgotten. */
  release(): void {
    this.#medium.release();
  }

  /** Requests that started and did not settle. */
  get inFlightCount(): number {
    return this.#inFlight.length;
  }

  /** Told of every visible change, within it. Gives the way to stop. */
  onChange(listener: ChangeListener): () => void {
    return this.#medium.onChange(listener);
  }

  /** Told of every request when it starts and when it has taken effect, before its caller knows. */
  onRequest(listener: RequestListener): () => void {
    this.#requestListeners.push(listener);
    return () => {
      const index = this.#requestListeners.indexOf(listener);
      if (index >= 0) this.#requestListeners.splice(index, 1);
    };
  }

  #submit(
    process: Process,
    kind: RequestKind,
    offsetBytes: number,
    lengthBytes: number,
    buffer: Uint8Array | undefined,
    fua: boolean,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#assertRange(offsetBytes, lengthBytes, SECTOR_BYTES);
      // What a dead program still computes in this event reaches nothing.
      if (process.state === "dead") return;
      if (this.#inFlight.length >= IN_FLIGHT_MAX) {
        throw new Error(`disk ${this.name}: ${IN_FLIGHT_MAX} requests in flight: the caller has no bound`);
      }
      const source = kind === "write" ? buffer : undefined;
      const staging = source === undefined ? undefined : stagedCopy(source);
      const request: DiskRequest = {
        requestIndex: this.#requestIndex++,
        kind,
        offsetBytes,
        lengthBytes,
        fua,
        process,
        resolve,
        reject,
        staging,
        data: staging === undefined || staging.length === lengthBytes ? staging : staging.subarray(0, lengthBytes),
        into: kind === "read" ? buffer : undefined,
        source,
        sourceHash: source === undefined ? 0 : hashBytes(source),
        flushMark: kind === "flush" ? this.#medium.flushMark() : 0,
        delayNs: latencyNs(this.#timing, kind, fua, this.#latencies),
        decision: this.#faulty.decide({ kind, offsetBytes, lengthBytes }),
        event: undefined,
      };
      this.#inFlight.push(request);
      const stall = request.decision?.stall;
      if (stall === undefined) this.#start(request, 0);
      else this.#stall(request, stall);
      this.#tell(request, "started");
    });
  }

  #start(request: DiskRequest, waitNs: number): void {
    const { kind, offsetBytes, lengthBytes, delayNs } = request;
    const sector = offsetBytes / SECTOR_BYTES;
    const eventKind = this.#kinds[kind];
    request.event = this.#scheduler.schedule(waitNs + delayNs, this.#device, eventKind, sector, lengthBytes, () =>
      this.#complete(request),
    );
  }

  #stall(request: DiskRequest, fault: InjectedFault): void {
    const { spec } = fault;
    this.#scheduler.note(this.#kinds.stalled, this.#device.actor, fault.faultId, request.requestIndex);
    if (spec.kind === "stall" && spec.durationNs !== undefined) this.#start(request, spec.durationNs);
    else {
      fault.onHeal(() => {
        if (this.#inFlight.includes(request)) this.#start(request, 0);
      });
    }
    fault.acted(0);
    fault.announce();
  }

  #complete(request: DiskRequest): void {
    const at = this.#inFlight.indexOf(request);
    if (at >= 0) this.#inFlight.splice(at, 1);
    if (request.event !== undefined) request.event.callback = undefined;
    if (this.#checkBuffers) assertUntouched(this.name, request);
    const { kind, offsetBytes, lengthBytes } = request;
    const powerLosses = this.#powerLosses;
    const orphan = request.process.state === "dead" ? drawOrphanFate(this.#orphans, kind, lengthBytes) : undefined;
    let bytes: Uint8Array | undefined;
    let error: DiskError | undefined;
    try {
      if (orphan?.isWhole === false) this.#applyPart(request, orphan.doneBytes);
      else bytes = this.#apply(request);
      // Whoever watches a fault may have cut the power in the middle of it.
      if (this.#powerLosses !== powerLosses) error = new DiskError("EIO", offsetBytes, lengthBytes);
    } catch (thrown) {
      if (!(thrown instanceof DiskError)) throw thrown;
      error = thrown;
    }
    this.#tell(request, error === undefined && orphan?.isWhole !== false ? "completed" : "failed");
    if (request.staging !== undefined) bufferPool.release(request.staging);
    this.#wake(request, bytes, error);
  }

  /** The request takes effect. @throws DiskError where a fault says so */
  #apply(request: DiskRequest): Uint8Array | undefined {
    const { offsetBytes, lengthBytes, data, decision } = request;
    switch (request.kind) {
      case "read":
        return this.#faulty.read(offsetBytes, lengthBytes, decision, memoryOf(request));
      case "write":
        this.#noteData(request);
        if (data !== undefined) this.#faulty.write(offsetBytes, data, request.fua, decision);
        return undefined;
      case "flush":
        this.#faulty.flush(request.flushMark, decision);
        return undefined;
      case "trim":
        this.#faulty.trim(offsetBytes, lengthBytes, decision);
        return undefined;
    }
  }

  /** The first bytes of a write or a trim, in the cache alone. @throws DiskError where a fault says so */
  #applyPart({ kind, offsetBytes, data, decision, sourceHash }: DiskRequest, doneBytes: number): void {
    const sector = offsetBytes / SECTOR_BYTES;
    this.#scheduler.note(this.#kinds.orphan, this.#device.actor, sector, doneBytes, sourceHash);
    if (doneBytes === 0) return;
    if (kind === "trim") this.#faulty.trim(offsetBytes, doneBytes, decision);
    else if (data !== undefined) this.#faulty.write(offsetBytes, data.subarray(0, doneBytes), false, decision);
  }

  /** A request in flight at a power loss. */
  #arrive(request: DiskRequest): void {
    const { kind, offsetBytes, lengthBytes, data, staging, decision } = request;
    if (kind === "write") this.#noteData(request);
    if (kind === "write" || kind === "trim") this.#faulty.arrive(offsetBytes, lengthBytes, data, decision);
    if (staging !== undefined) bufferPool.release(staging);
  }

  /** Settles the promise, when its process can see it. */
  #wake(request: DiskRequest, bytes: Uint8Array | undefined, error: DiskError | undefined): void {
    const { process } = request;
    if (process.state === "running") settle(request, bytes, error);
    else if (process.state === "paused") {
      this.#scheduler.schedule(0, process, this.#kinds.wake, request.requestIndex, 0, () =>
        settle(request, bytes, error),
      );
    }
  }

  #noteData(request: DiskRequest): void {
    const sector = request.offsetBytes / SECTOR_BYTES;
    const { lengthBytes, sourceHash } = request;
    this.#scheduler.note(this.#kinds.data, this.#device.actor, sector, lengthBytes, sourceHash);
  }

  #tell(request: DiskRequest, phase: RequestNotice["phase"]): void {
    if (this.#requestListeners.length === 0) return;
    const { requestIndex, kind, offsetBytes, lengthBytes, fua } = request;
    // One that has seen enough takes itself out.
    for (const listener of [...this.#requestListeners]) {
      listener({ phase, requestIndex, kind, offsetBytes, lengthBytes, fua });
    }
  }

  #assertRange(offsetBytes: number, lengthBytes: number, unitBytes: number): void {
    assertRange(this.name, this.sizeBytes, offsetBytes, lengthBytes, unitBytes);
  }
}

function stagedCopy(source: Uint8Array): Uint8Array {
  const staging = bufferPool.take(source.length);
  staging.set(source);
  return staging;
}

/** Where a read may put what it returns: the memory of a dead program is another's by now. */
function memoryOf({ process, into }: DiskRequest): Uint8Array | undefined {
  return process.state === "dead" ? undefined : into;
}

function settle(request: DiskRequest, bytes: Uint8Array | undefined, error: DiskError | undefined): void {
  if (error === undefined) request.resolve(bytes);
  else request.reject(error);
}
