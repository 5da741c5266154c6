import { type Clock, type Disk, DiskError, NS_PER_MS, SECTOR_BYTES, type Timer } from "../../../engine/ports/index.ts";
import type { SystemConfig, Target, TargetSystem } from "../../target/target.ts";
import type { RunSystem, SentBytes, WorldListener } from "../run-world.ts";
import type { CrashKind, Effects, Injection, PowerLossChoice } from "../world.ts";
import { type SectorChoice, type SimDisk, sectorChoice } from "./disk/index.ts";
import { HostTime } from "./host-time.ts";
import type { SimLink, SimNetwork } from "./net/index.ts";
import { Process } from "./process.ts";
import type { Scheduled } from "./scheduled.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimClock } from "./sim-clock.ts";
import { SimLog } from "./sim-log.ts";
import type { SimRandom } from "./sim-random.ts";
import { metaDiskOf } from "../../plan/meta-disk.ts";

/** What a simulated system is made of; it all outlives the system's program. */
export interface SimSystemParts {
  readonly scheduler: Scheduler;
  readonly network: SimNetwork;
  readonly random: SimRandom;
  readonly target: Target;
  readonly config: SystemConfig;
  /** By volume name. */
  readonly disks: ReadonlyMap<string, SimDisk>;
  readonly meta: SimDisk;
  readonly listener: WorldListener;
}

/** One life of the system's program. */
interface Incarnation {
  readonly process: Process;
  readonly program: TargetSystem;
  ready: boolean;
  /** Called when it dies: hosts whose requests nobody will answer. */
  readonly onDown: (() => void)[];
}

/** A program whose disk failed while it started is started again after this, so many times: until long after an operator has looked. */
const START_RETRY_NS = 100 * NS_PER_MS;
const START_RETRIES_MAX = 2_400;

/** One storage system: disks, a watch, a place on the network, and a program that lives and dies. */
export class SimSystem implements RunSystem {
  readonly name: string;
  readonly #parts: SimSystemParts;
  readonly #time: HostTime;
  #incarnation: Incarnation | undefined;
  #incarnations = 0;
  #onServing: (() => void)[] = [];
  /** Of restarts that wait until it serves: it is struck down again. */
  #onCrash: (() => void)[] = [];
  readonly #supervisor: Process;
  #retry: Scheduled | undefined;
  #retries = 0;
  #wallReads = 0;
  #timersSet = 0;
  readonly #sentListeners = new Set<(link: string, sent: SentBytes) => void>();
  readonly #linkOf: ReadonlyMap<string, string>;

  constructor(parts: SimSystemParts) {
    this.name = parts.config.name;
    this.#parts = parts;
    this.#linkOf = new Map(parts.config.links.map(({ name, address }) => [address, name]));
    this.#supervisor = new Process(parts.scheduler, `${parts.config.name}/supervisor`);
    this.#time = new HostTime(parts.scheduler, `${parts.config.name}/clock`);
  }

  get state(): "running" | "paused" | "down" {
    const process = this.#incarnation?.process;
    return process === undefined || process.state === "dead" ? "down" : process.state;
  }

  /** The program, while it serves hosts and administrators. */
  get serving(): TargetSystem | undefined {
    return this.#incarnation?.ready === true ? this.#incarnation.program : undefined;
  }

  /** The process of the program that lives now. */
  get process(): Process | undefined {
    return this.#incarnation?.process;
  }

  watchUs(): number {
    return this.#time.wallUs();
  }

  /** Settles when the system serves: at once, or after a later start. */
  whenServing(): Promise<void> {
    if (this.serving !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#onServing.push(resolve));
  }

  /** Calls `onDown` if the present incarnation dies; the function returned ends that. */
  onDown(onDown: () => void): () => void {
    const listeners = this.#incarnation?.onDown;
    listeners?.push(onDown);
    return () => {
      const at = listeners?.indexOf(onDown) ?? -1;
      if (at >= 0) listeners?.splice(at, 1);
    };
  }

  /** Calls `listener` within every write of the program to a link, once the kernel has it; gives the way to stop. */
  onSent(listener: (link: string, sent: SentBytes) => void): () => void {
    this.#sentListeners.add(listener);
    return () => this.#sentListeners.delete(listener);
  }

  /**
   * Calls `body` in the time of the present incarnation: at once if it runs, after a pause if it is
   * paused, never if it dies before.
   */
  request(name: string, body: () => void): void {
    const { scheduler } = this.#parts;
    const process = this.#incarnation?.process;
    if (process !== undefined) scheduler.schedule(0, process, scheduler.log.kind(`request ${name}`), 0, 0, body);
  }

  note(kind: "host.image", offsetBytes: number, lengthBytes: number, contentHash: number): void {
    const { scheduler } = this.#parts;
    const process = this.#incarnation?.process;
    if (process === undefined) return;
    scheduler.note(
      scheduler.log.kind(kind, "sector", "lengthBytes"),
      process.actor,
      offsetBytes / SECTOR_BYTES,
      lengthBytes,
      contentHash,
    );
  }

  /** Starts the program. @throws Error if one lives */
  start(): void {
    if (this.#incarnation !== undefined) throw new Error(`system ${this.name} runs already`);
    const { scheduler, network, random, target, config, disks, meta, listener } = this.#parts;
    const index = this.#incarnations++;
    const process = new Process(scheduler, this.name);
    const log = new SimLog(process);
    log.onStep((step) => listener.step(this.name, step));
    const opened = new Map<string, Disk>();
    for (const [volume, disk] of disks) opened.set(volume, disk.open(process));
    const program = target.start(config, {
      disks: opened,
      meta: meta.open(process),
      links: network.endpoint(process, this.name, (address, link, lengthBytes) =>
        this.#sent(address, link, lengthBytes),
      ),
      clock: this.#countingClock(new SimClock(process, this.#time)),
      random: random.fork(`system/${this.name}/${index}`),
      log,
    });
    const incarnation: Incarnation = { process, program, ready: false, onDown: [] };
    this.#incarnation = incarnation;
    const failed = (error: unknown): void => {
      if (this.#incarnation === incarnation) listener.targetFailed(this.name, error);
    };
    program.failed.then(failed, failed);
    program.ready.then(
      () => {
        if (this.#incarnation !== incarnation) return;
        incarnation.ready = true;
        this.#retries = 0;
        listener.systemUp(this.name);
        const waiting = this.#onServing;
        this.#onServing = [];
        for (const resolve of waiting) resolve();
        this.#onCrash = [];
      },
      (error: unknown) => {
        if (this.#incarnation !== incarnation) return;
        if (error instanceof DiskError && this.#retries < START_RETRIES_MAX) this.#startLater();
        else failed(error);
      },
    );
  }

  #sent(address: string, connection: SimLink, lengthBytes: number): void {
    if (this.#sentListeners.size === 0) return;
    const link = this.#linkOf.get(address) ?? address;
    const bytes = { lengthBytes, underwayBytes: connection.underwayBytes, connection: connection.id };
    for (const listener of [...this.#sentListeners]) listener(link, bytes);
  }

  /** The disk did not let it start; whoever looks after the machine tries again. */
  #startLater(): void {
    const { scheduler } = this.#parts;
    this.#retries++;
    this.#die("kill");
    this.#retry = scheduler.schedule(START_RETRY_NS, this.#supervisor, scheduler.log.kind("retry start"), 0, 0, () => {
      if (this.#incarnation === undefined) this.start();
    });
  }

  restart(): Promise<void> {
    if (this.#incarnation === undefined) this.start();
    const struckDown = new Promise<void>((resolve) => this.#onCrash.push(resolve));
    return Promise.race([this.whenServing(), struckDown]);
  }

  crash(kind: CrashKind, choice?: PowerLossChoice): Injection {
    this.#retry?.cancel();
    const effects = this.#die(kind, choice);
    const waiting = this.#onCrash;
    this.#onCrash = [];
    for (const resolve of waiting) resolve();
    return { heal: () => void this.restart(), effects };
  }

  #die(kind: CrashKind, choice?: PowerLossChoice): () => Effects {
    const incarnation = this.#incarnation;
    if (incarnation === undefined) return () => ({ stopped: 0 });
    const { network, disks, meta, listener } = this.#parts;
    listener.systemDown(this.name, kind);
    // From here on the program is gone for everybody: what is told below must not find it serving.
    this.#incarnation = undefined;
    const requestsGone = incarnation.onDown.length;
    if (kind === "power") network.powerLoss(incarnation.process);
    incarnation.process.kill();
    let sectorsLost = 0;
    if (kind === "power") {
      for (const [volume, disk] of disks) sectorsLost += disk.powerLoss(modeOf(choice, volume));
      sectorsLost += meta.powerLoss(modeOf(choice, metaDiskOf(this.name)));
    }
    for (const onDown of [...incarnation.onDown]) onDown();
    return () => ({ stopped: 1, requestsGone, sectorsLost });
  }

  pause(): Injection {
    const process = this.#incarnation?.process;
    process?.pause();
    let deferred = 0;
    return {
      heal: () => {
        if (process?.state !== "paused") return;
        deferred = process.deferredCount;
        process.resume();
      },
      effects: () => ({ deferred: process?.state === "paused" ? process.deferredCount : deferred }),
    };
  }

  resume(): void {
    this.#incarnation?.process.resume();
  }

  stepClock(stepMs: number): Injection {
    const before = this.#wallReads;
    this.#time.stepWall(stepMs);
    let healed = false;
    return {
      heal: () => {
        if (!healed) this.#time.stepWall(-stepMs);
        healed = true;
      },
      effects: () => ({ wallReads: this.#wallReads - before }),
    };
  }

  driftClock(partsPerMillion: number): Injection {
    const before = this.#timersSet;
    this.#time.setDrift(partsPerMillion);
    let after: number | undefined;
    return {
      heal: () => {
        if (after !== undefined) return;
        after = this.#timersSet;
        this.#time.setDrift(0);
      },
      effects: () => ({ timersSet: (after ?? this.#timersSet) - before }),
    };
  }

  /** Counts who looks at the watch and sets timers: without, a wrong clock has no effect. */
  #countingClock(clock: SimClock): Clock {
    return {
      monotonicNs: () => clock.monotonicNs(),
      wallMs: () => {
        this.#wallReads++;
        return clock.wallMs();
      },
      after: (delayNs: number, callback: () => void): Timer => {
        this.#timersSet++;
        return clock.after(delayNs, callback);
      },
    };
  }
}

/** How a disk fares in a loss of power, as far as that was chosen. */
function modeOf(choice: PowerLossChoice | undefined, disk: string): SectorChoice | "random" {
  return choice === undefined ? "random" : sectorChoice(choice, disk);
}
