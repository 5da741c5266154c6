import { ControlClient, ControlError, RefusedError } from "../../../engine/node/control/client.ts";
import type { OperatorCommand } from "../../../engine/node/control/command-schema.ts";
import type { FeedItem } from "../../../engine/node/control/event-feed.ts";
import type { StatusDocument, TrackRuns } from "../../../engine/node/control/status-schema.ts";
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
import { RemoteImage } from "./remote-image.ts";

export interface RemoteSystemParts {
  readonly url: string;
  readonly token: string;
  readonly nbd: NbdPlace;
  readonly onStep: (step: LoggedStep) => void;
  /** It said something else of itself than before. */
  readonly onStatus: () => void;
  /** The stream of its events ended by itself: the program is gone, or hangs. */
  readonly onLost: (error: unknown) => void;
}

/** For anything but a command. A system that was just paused answers nothing. */
const ANSWER_MS_MAX = 3000;

/** Nobody knows the tracks of a running restore exactly: any may still be left, any may be altered. */
const ANY_TRACK: PendingView = { trackBytes: 512, has: () => true };

/** One incarnation of an engine in a container, through its control API and its NBD server. */
export class RemoteSystem implements TargetSystem {
  readonly ready: Promise<void> = Promise.resolve();
  /** An engine whose own assertion fails ends; its container tells. */
  readonly failed: Promise<Error> = new Promise(() => {});
  readonly #parts: RemoteSystemParts;
  readonly #client: ControlClient;
  readonly #stop = new AbortController();
  readonly #devices = new Map<string, RemoteDevice>();
  #status: StatusDocument;
  #isDying = false;
  /** By pair: asked for when it was suspended. */
  readonly #suspended = new Map<string, PendingView>();

  private constructor(parts: RemoteSystemParts, client: ControlClient, status: StatusDocument) {
    this.#parts = parts;
    this.#client = client;
    this.#status = status;
  }

  /** Connects to an engine that serves. @throws ControlError, RefusedError */
  static async connect(parts: RemoteSystemParts): Promise<RemoteSystem> {
    const client = new ControlClient({ url: parts.url, token: parts.token, timeoutMs: ANSWER_MS_MAX });
    const status = await client.status();
    const system = new RemoteSystem(parts, client, { ...status, pairs: [] });
    system.#say(status);
    void system.#listen();
    return system;
  }

  /** Asks what it says of itself now; what it said last stays if it does not answer. */
  async refresh(): Promise<void> {
    try {
      this.#say(await this.#client.status());
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
    }
  }

  /** All that its control API shows now. @throws ControlError */
  async tables(): Promise<unknown> {
    const status = await this.#client.status();
    const pending = await Promise.all(
      status.pairs.map(async ({ pair }) => ({ pair, ...(await this.#client.pending(pair)) })),
    );
    return { status, pending, metrics: (await this.#client.metrics()).split("\n") };
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
      await this.#client.execute(operatorsCommand(command));
    } catch (error) {
      if (error instanceof RefusedError) throw new AdminError(error.code, error.message);
      if (error instanceof ControlError) {
        // Whoever gave it is told that the system is down.
        if (this.#isDying) await new Promise<never>(() => {});
        const isUnasked = error.code === "UNREACHABLE";
        throw new AdminError(isUnasked ? "DOWN" : "UNANSWERED", error.message);
      }
      throw error;
    } finally {
      // Whoever is answered may look at once: what the command began must be seen by then.
      await this.refresh();
    }
  }

  pairs(): readonly PairReport[] {
    return this.#status.pairs as readonly PairReport[];
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
      // Also what it did before it served: a restore that goes on is told of then.
      for await (const item of this.#client.events({ signal, after: -1 })) this.#take(item);
    } catch (error) {
      if (!signal.aborted) this.#parts.onLost(error);
    }
  }

  #take(item: FeedItem): void {
    if (item.kind === "step") this.#parts.onStep(item.step);
    else if (item.kind === "status") {
      this.#say(item.status);
      this.#parts.onStatus();
    }
  }

  /** What was asked for and what is told come over two connections: the later word counts. */
  #say(status: StatusDocument): void {
    if (status.atNs < this.#status.atNs) return;
    const before = this.#status;
    this.#status = status;
    for (const { pair, status: now } of status.pairs)
      if (now === "SPLIT" && statusOf(before, pair) !== "SPLIT") void this.#askPending(pair);
  }

  async #askPending(pair: string): Promise<void> {
    this.#suspended.delete(pair);
    try {
      this.#suspended.set(pair, viewOf(await this.#client.pending(pair)));
    } catch (error) {
      // Nobody answers any more, or the pair is gone.
      if (!(error instanceof ControlError || error instanceof RefusedError)) throw error;
    }
  }
}

function statusOf({ pairs }: StatusDocument, name: string): string {
  return pairs.find(({ pair }) => pair === name)?.status ?? "";
}

function viewOf({ trackBytes, runs }: TrackRuns): PendingView {
  return { trackBytes, has: (track) => runs.some(([first, count]) => track >= first && track < first + count) };
}

/** As an operator gives it: which volumes are of a group, the engine knows by itself. */
function operatorsCommand(command: AdminCommand): OperatorCommand {
  if (command.kind !== "recover-group") return command;
  const { kind, group, to, method } = command;
  return { kind, group, to, method };
}
