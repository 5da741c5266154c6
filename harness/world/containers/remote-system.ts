import type { NodeStatus, NodeTracks } from "../../target/node-status.ts";
import { NodeSilent } from "../../target/outside-target.ts";
import {
  type AdminCommand,
  AdminError,
  type HostDevice,
  type ImageReport,
  type JournalReport,
  type PairReport,
  type PendingView,
  type RestoreReport,
  type TargetSystem,
} from "../../target/target.ts";
import type { LoggedStep } from "../run-world.ts";
import { type NbdPlace, RemoteDevice } from "./remote-device.ts";
import type { RemoteControl } from "./remote-control.ts";
import { RemoteImage } from "./remote-image.ts";

export interface RemoteSystemParts {
  readonly control: RemoteControl;
  readonly nbd: NbdPlace;
  readonly onStep: (step: LoggedStep) => void;
  /** It said something else of itself than before. */
  readonly onStatus: () => void;
  /** The stream of its events ended by itself: the program is gone, or hangs. */
  readonly onLost: (error: unknown) => void;
}

/** Nobody knows the tracks of a running restore exactly: any may still be left, any may be altered. */
const ANY_TRACK: PendingView = { trackBytes: 512, has: () => true };

/** One incarnation of an engine in a container, as administrators and hosts reach it. */
export class RemoteSystem implements TargetSystem {
  readonly ready: Promise<void> = Promise.resolve();
  /** An engine whose own assertion fails ends; its container tells. */
  readonly failed: Promise<Error> = new Promise(() => {});
  readonly #parts: RemoteSystemParts;
  readonly #stop = new AbortController();
  readonly #devices = new Map<string, RemoteDevice>();
  #status: NodeStatus;
  #isDying = false;
  /** By pair: asked for when it was suspended. */
  readonly #suspended = new Map<string, PendingView>();

  private constructor(parts: RemoteSystemParts, status: NodeStatus) {
    this.#parts = parts;
    this.#status = status;
  }

  /** Connects to an engine that serves. @throws NodeSilent */
  static async connect(parts: RemoteSystemParts): Promise<RemoteSystem> {
    const status = await parts.control.status();
    const system = new RemoteSystem(parts, { ...status, pairs: [] });
    system.#say(status);
    void system.#listen();
    return system;
  }

  /** Asks what it says of itself now; what it said last stays if it does not answer. */
  async refresh(): Promise<void> {
    try {
      this.#say(await this.#parts.control.status());
    } catch (error) {
      if (!(error instanceof NodeSilent)) throw error;
    }
  }

  /** All that it shows now. @throws NodeSilent */
  tables(): Promise<unknown> {
    return this.#parts.control.tables();
  }

  /** Its program is about to be killed: a command that it will not answer ends with its death, and not before. */
  dying(): void {
    this.#isDying = true;
  }

  /** The program has died: settles when every answer it gave has been taken in. */
  async drained(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#devices.values()].map((device) => device.drained()));
  }

  /** Lets go of it. */
  close(): void {
    this.#stop.abort();
    for (const device of this.#devices.values()) device.close();
  }

  /** Systems that it has a session with. */
  isUp(link: string): boolean {
    return this.#status.links.some((report) => report.link === link && report.up);
  }

  /** Of frames that arrived here over the link, since the program started. */
  receivedBytes(link: string): number {
    return this.#status.links.find((report) => report.link === link)?.receivedBytes ?? 0;
  }

  device(volume: string): HostDevice {
    return this.#export(volume, volume);
  }

  /** A connection is bound to the image that there was when it was made. */
  image(volume: string): HostDevice {
    const moment = this.#momentOf(volume);
    const device = this.#export(`${volume}@image`, volume, String(moment));
    return new RemoteImage(device, async () => {
      await this.refresh();
      return moment !== undefined && this.#momentOf(volume) === moment;
    });
  }

  /** Of the image that is fixed. */
  #momentOf(volume: string): number | undefined {
    const image = this.#status.images.find((report) => report.volume === volume);
    return image?.state === "fixed" ? image.moment : undefined;
  }

  async admin(command: AdminCommand): Promise<void> {
    try {
      await this.#parts.control.execute(command);
    } catch (error) {
      if (!(error instanceof NodeSilent)) throw error;
      // Whoever gave it is told that the system is down.
      if (this.#isDying) await new Promise<never>(() => {});
      throw new AdminError(error.isUnasked ? "DOWN" : "UNANSWERED", error.message);
    } finally {
      // Whoever is answered may look at once: what the command began must be seen by then.
      await this.refresh();
    }
  }

  pairs(): readonly PairReport[] {
    return this.#status.pairs;
  }

  /** Not known at the moment at which disks are looked at. */
  pending(): undefined {
    return undefined;
  }

  pendingOfSuspended(pair: string): PendingView | undefined {
    return this.#suspended.get(pair);
  }

  images(): readonly ImageReport[] {
    return this.#status.images;
  }

  journals(): readonly JournalReport[] {
    return this.#status.journals;
  }

  restores(): readonly RestoreReport[] {
    return this.#status.restores.map((report) => ({ ...report, left: ANY_TRACK, altered: ANY_TRACK }));
  }

  #export(name: string, volume: string, moment = ""): RemoteDevice {
    const key = `${name} ${moment}`;
    let device = this.#devices.get(key);
    if (device === undefined) {
      const { sizeBytes = 0 } = this.#status.volumes.find((report) => report.volume === volume) ?? {};
      device = new RemoteDevice(this.#parts.nbd, name, sizeBytes);
      this.#devices.set(key, device);
    }
    return device;
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const event of this.#parts.control.events(signal)) {
        if (event.kind === "step") this.#parts.onStep(event.step);
        else {
          this.#say(event.status);
          this.#parts.onStatus();
        }
      }
    } catch (error) {
      if (!signal.aborted) this.#parts.onLost(error);
    }
  }

  /** What was asked for and what is told come over two connections: the later word counts. */
  #say(status: NodeStatus): void {
    if (status.atNs < this.#status.atNs) return;
    const before = this.#status;
    this.#status = status;
    for (const { pair, status: now } of status.pairs)
      if (now === "SPLIT" && statusOf(before, pair) !== "SPLIT") void this.#askPending(pair);
  }

  async #askPending(pair: string): Promise<void> {
    this.#suspended.delete(pair);
    try {
      const tracks = await this.#parts.control.pending(pair);
      if (tracks !== undefined) this.#suspended.set(pair, viewOf(tracks));
    } catch (error) {
      // Nobody answers any more.
      if (!(error instanceof NodeSilent)) throw error;
    }
  }
}

function statusOf({ pairs }: NodeStatus, name: string): string {
  return pairs.find(({ pair }) => pair === name)?.status ?? "";
}

function viewOf({ trackBytes, runs }: NodeTracks): PendingView {
  return { trackBytes, has: (track) => runs.some(([first, count]) => track >= first && track < first + count) };
}
