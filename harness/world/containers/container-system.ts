import { NodeSilent } from "../../target/outside-target.ts";
import type { RunSystem, WorldListener } from "../run-world.ts";
import type { CrashKind, Effects, Injection } from "../world.ts";
import { ContainerError } from "./container-error.ts";
import type { DiskStore } from "./disk-store.ts";
import type { Operations } from "./operations.ts";
import type { NbdPlace } from "./remote-device.ts";
import { RemoteSystem } from "./remote-system.ts";
import { ProgramNotReady, type SystemPlace } from "./system-place.ts";

export interface ContainerSystemParts {
  readonly name: string;
  readonly store: DiskStore;
  readonly operations: Operations;
  readonly listener: WorldListener;
  readonly links: readonly string[];
  readonly place: SystemPlace;
  /** Settles when the checker knows disks and systems as they are now. */
  readonly look: () => Promise<void>;
}

/** One storage system: a place where its program is killed, paused and started again. */
export class ContainerSystem implements RunSystem {
  readonly name: string;
  state: "running" | "paused" | "down" = "down";
  readonly #parts: ContainerSystemParts;
  #serving: RemoteSystem | undefined;
  #starting: Promise<void> = Promise.resolve();
  #onServing: (() => void)[] = [];
  readonly #onDown = new Set<() => void>();
  /** By link: what arrived at earlier incarnations. */
  readonly #receivedBytes = new Map<string, number>();
  /** The power of its disks is gone, and it is about to go, too. */
  #isPowerLost = false;
  /** A start was asked for while it ran: of a plan whose torn write strikes later than it thought. */
  #isStartDue = false;

  constructor(parts: ContainerSystemParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  get serving(): RemoteSystem | undefined {
    return this.#serving;
  }

  /** Where hosts reach its volumes, while it runs. */
  get nbd(): NbdPlace {
    return this.#parts.place.nbd;
  }

  /** Of frames that arrived here over the link, as far as it said. */
  receivedBytes(link: string): number {
    return (this.#receivedBytes.get(link) ?? 0) + (this.#serving?.receivedBytes(link) ?? 0);
  }

  /** All machines have the watch of this one. */
  watchUs(): number {
    return Date.now() * 1000;
  }

  whenServing(): Promise<void> {
    if (this.#serving !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#onServing.push(resolve));
  }

  onDown(listener: () => void): () => void {
    this.#onDown.add(listener);
    return () => this.#onDown.delete(listener);
  }

  /** What an engine sends is not seen from outside. */
  onSent(): () => void {
    return () => {};
  }

  request(_name: string, body: () => void): void {
    if (this.#serving !== undefined) body();
  }

  note(): void {}

  /** The first start. */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  restart(): Promise<void> {
    return this.#parts.operations.do(async () => {
      this.#isStartDue = this.state !== "down";
      if (!this.#isStartDue) await this.#startAgain();
    });
  }

  crash(kind: CrashKind): Injection {
    let effects: Effects = { stopped: 0 };
    void this.#parts.operations.do(async () => {
      effects = await this.#die(kind);
    });
    return { heal: () => void this.restart(), effects: () => effects };
  }

  /**
   * The power of its disks went with a torn write: the program goes, too. For everybody else it is down already: what it
   * answered since the last look the disks of this one do not hold any more.
   */
  powerLost(): void {
    // Every look sees it until it is done. One that is being killed needs no other end.
    if (this.#isPowerLost || this.#serving === undefined) return;
    this.#isPowerLost = true;
    const serving = this.#letGo();
    this.#tellDown("power");
    void this.#parts.operations.do(async () => {
      const isStartDue = this.#isStartDue;
      this.#isStartDue = false;
      await this.#end(serving);
      await this.#parts.store.powerLoss(this.name);
      await this.#parts.look();
      if (isStartDue) await this.#startAgain();
      this.#isPowerLost = false;
    });
  }

  pause(): Injection {
    let deferred = 0;
    void this.#parts.operations.do(async () => {
      if (this.state !== "running") return;
      await this.#parts.place.pause();
      this.state = "paused";
      deferred = 1;
    });
    return { heal: () => this.resume(), effects: () => ({ deferred }) };
  }

  resume(): void {
    void this.#parts.operations.do(async () => {
      if (this.state !== "paused") return;
      await this.#parts.place.resume();
      this.state = "running";
    });
  }

  /** Containers have the clock of their machine. */
  stepClock(): never {
    throw impossible("a step of the clock of one container");
  }

  driftClock(): never {
    throw impossible("another rate of the clock of one container");
  }

  async close(): Promise<void> {
    // A run may be given up before its systems have started.
    await this.#starting.catch(() => undefined);
    this.#serving?.close();
    this.#serving = undefined;
    await this.#parts.place.kill();
  }

  /** What the program says of itself when it is asked now. @throws Error if it does not run, ControlError */
  tables(): Promise<unknown> {
    if (this.#serving === undefined || this.state !== "running")
      throw new Error(`system ${this.name} is ${this.state}`);
    return this.#serving.tables();
  }

  /** What its program printed last: so many lines, 200 without. */
  logs(lines?: number): Promise<string> {
    return this.#parts.place.logs(lines);
  }

  async #startAgain(): Promise<void> {
    await this.#parts.store.powerOn(this.name);
    await this.#start();
  }

  async #start(): Promise<void> {
    const { listener, place } = this.#parts;
    let serving: RemoteSystem;
    try {
      await place.boot();
      serving = await this.#connect();
    } catch (error) {
      if (!(error instanceof ProgramNotReady || error instanceof NodeSilent)) throw error;
      listener.targetFailed(this.name, error);
      return;
    }
    this.#serving = serving;
    this.state = "running";
    listener.systemUp(this.name);
    const waiting = this.#onServing;
    this.#onServing = [];
    for (const resolve of waiting) resolve();
  }

  async #connect(): Promise<RemoteSystem> {
    const { listener, place } = this.#parts;
    const serving: RemoteSystem = await RemoteSystem.connect({
      control: place.control(),
      nbd: place.nbd,
      onStep: (step) => listener.step(this.name, step),
      onStatus: () => listener.step(this.name, { name: "status", fields: {} }),
      onLost: (error) => void this.#lost(serving, error),
    });
    return serving;
  }

  /** @returns the effects of the crash */
  async #die(kind: CrashKind): Promise<Effects> {
    const { look, store } = this.#parts;
    if (this.state === "down") return { stopped: 0 };
    this.#isStartDue = false;
    const requestsGone = this.#onDown.size;
    // What it answered before is taken in first.
    await this.#end(this.#letGo());
    await look();
    this.#tellDown(kind);
    if (kind === "power") {
      await store.powerLoss(this.name);
      await look();
    }
    return { stopped: 1, requestsGone };
  }

  /** From here on hosts are told that it is gone. */
  #letGo(): RemoteSystem | undefined {
    const serving = this.#serving;
    for (const link of this.#parts.links) this.#receivedBytes.set(link, this.receivedBytes(link));
    this.#serving = undefined;
    serving?.dying();
    return serving;
  }

  async #end(serving: RemoteSystem | undefined): Promise<void> {
    await this.#parts.place.kill();
    this.state = "down";
    await serving?.drained();
    serving?.close();
  }

  #tellDown(kind: CrashKind): void {
    this.#parts.listener.systemDown(this.name, kind);
    for (const tell of [...this.#onDown]) tell();
    this.#onDown.clear();
  }

  /** The stream of events broke off. Whoever kills the program forgets it first: if nobody did, it ended by itself. */
  async #lost(serving: RemoteSystem, error: unknown): Promise<void> {
    if (this.#serving !== serving) return;
    const logs = await this.logs().catch(() => "");
    this.#parts.listener.targetFailed(this.name, new Error(`its events broke off: ${String(error)}\n${logs}`));
  }
}

function impossible(what: string): ContainerError {
  return new ContainerError("RUNTIME", {
    place: "container world",
    found: what,
    expected: "a fault that containers can have",
    remedy: "run the scenario in the simulated world",
  });
}
