import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { SILENCE_MS, tellPeer } from "../qemu/peer.ts";
import { InOrder } from "../template/in-order.ts";
import type { LinkConfig, PairStatus, VolumeConfig } from "../template/node-server.ts";
import type { Brick } from "./brick.ts";
import { Daemon } from "./daemon.ts";
import type { ClientState, Hosts } from "./hosts.ts";
import type { BrickWord } from "./secondary.ts";
import { type BrickAddress, clientGraph, healGraph } from "./volfiles.ts";

/** What is known of a pair after a restart. */
export interface PrimaryEntry {
  readonly pair: string;
  readonly volume: string;
  readonly link: string;
  readonly peerVolume: string;
  /** Suspended by a command. */
  readonly isSplit: boolean;
}

export interface PrimaryParts {
  readonly volume: VolumeConfig;
  readonly link: LinkConfig;
  readonly brick: Brick;
  /** Of the brick at this end. */
  readonly local: BrickAddress;
  readonly hosts: Hosts;
  readonly save: () => void;
}

const TELL_MS = 150;
/** A brick that is to be stopped and made anew takes a second, and more on a machine that has much else to do. */
const INTRODUCED_MS_MAX = 10_000;
const UNKNOWN: ClientState = { up: false, pending: true, dirty: true };

/**
 * The primary end of a pair: a client of both bricks, through which hosts go, and the self-heal daemon. What the second brick
 * lacks the first one remembers, in its extended attributes, and the daemon copies it when the second one is back.
 */
export class Primary {
  entry: PrimaryEntry;
  readonly #parts: PrimaryParts;
  #healer: Daemon | undefined;
  #state = UNKNOWN;
  #isOpen = false;
  #heardMs = Number.NEGATIVE_INFINITY;
  /** The second brick has the whole file, as far as was heard. */
  #isHeld = false;
  /** A client that died may have left writes at one brick alone; until nothing is dirty nobody knows. */
  #mayDiffer: boolean;
  #suspension: string;
  #isEnded = false;
  readonly #order = new InOrder();

  constructor(entry: PrimaryEntry, parts: PrimaryParts, suspension = "") {
    this.entry = entry;
    this.#parts = parts;
    this.#suspension = suspension;
    this.#mayDiffer = suspension !== "";
  }

  get isConnected(): boolean {
    return this.#isHeard && this.#state.up;
  }

  get #isHeard(): boolean {
    return performance.now() - this.#heardMs < SILENCE_MS;
  }

  /** Hosts go through both bricks from now on. Settles when they can. */
  async open(): Promise<void> {
    const { volume, link, hosts, local } = this.#parts;
    const bricks = [local, { host: link.host, port: link.ports[0] ?? 0 }];
    const [client, healer] = ["client", "heal"].map((name) => `/run/${volume.name}-${name}.vol`) as [string, string];
    writeFileSync(client, clientGraph(bricks));
    writeFileSync(healer, healGraph(bricks));
    await hosts.gluster(volume.name, client);
    this.#isOpen = true;
    const args = ["-N", "-f", healer, "--client-pid=-6", "--process-name", "glustershd"];
    this.#healer = new Daemon("glusterfs", [...args, "-l", "/dev/stderr", "-L", "WARNING"]);
    void this.#keepUp();
  }

  /** Tells the secondary of the pair until it has made a new brick. @returns whether it has */
  async introduce(): Promise<boolean> {
    const untilMs = performance.now() + INTRODUCED_MS_MAX;
    await this.#order.run(() => this.#tell());
    while (!this.#isHeard && performance.now() < untilMs) {
      await sleep(TELL_MS);
      await this.#order.run(() => this.#tell());
    }
    return this.#isHeard;
  }

  async status(): Promise<PairStatus> {
    await this.#look();
    const { status, suspension } = this.#word();
    const { pair, volume } = this.entry;
    const { trackBytes, sizeBytes } = this.#parts.volume;
    // Which part of a file is pending GlusterFS does not know.
    const pendingTracks = this.#isAlike ? 0 : Math.ceil(sizeBytes / trackBytes);
    const common = { pair, volume, role: "primary", consistent: true, connected: this.isConnected } as const;
    return { ...common, status, suspension, pendingTracks };
  }

  /** Has the secondary stop its brick. */
  split(): Promise<void> {
    return this.#order.run(async () => {
      this.#keep({ ...this.entry, isSplit: true });
      await this.#tell();
    });
  }

  resync(): Promise<void> {
    return this.#order.run(async () => {
      this.#keep({ ...this.entry, isSplit: false });
      await this.#tell();
    });
  }

  /** Forgets the pair. */
  end(): Promise<void> {
    return this.#order.run(async () => {
      this.#isEnded = true;
      this.#isOpen = false;
      await this.#healer?.stop();
      await this.#tell({ isDeleted: true });
    });
  }

  get #isAlike(): boolean {
    return this.#isHeld && !this.#state.pending && !this.#mayDiffer;
  }

  /** What the secondary is to know now. */
  #word(): BrickWord {
    const { pair, peerVolume: volume, isSplit } = this.entry;
    const common = { pair, volume, secondary: "read-only", caretaker: hostname() } as const;
    if (isSplit) return { ...common, status: "SPLIT", suspension: "operator", consistent: true };
    if (!this.isConnected) {
      const suspension = this.#suspension === "" ? "link" : this.#suspension;
      return { ...common, status: "SPLIT", suspension, consistent: false };
    }
    this.#suspension = "";
    const status = this.#isAlike ? "DUPLEX" : "COPY";
    return { ...common, status, suspension: "", consistent: status === "DUPLEX" };
  }

  async #keepUp(): Promise<void> {
    while (!this.#isEnded) {
      await this.#order.run(async () => {
        if (this.#isEnded) return;
        await this.#look();
        await this.#tell();
        if (this.#state.up && !this.#isHeld) await this.#parts.hosts.touch(this.entry.volume);
      });
      await sleep(TELL_MS);
    }
  }

  async #look(): Promise<void> {
    if (!this.#isOpen) return;
    this.#state = await this.#parts.hosts.state(this.entry.volume, this.#parts.brick.file);
    const { up, pending, dirty } = this.#state;
    if (up && !pending && !dirty) this.#mayDiffer = false;
  }

  async #tell(changed: Partial<BrickWord> = {}): Promise<void> {
    const { host, ports } = this.#parts.link;
    const answer = await tellPeer(host, ports[1] ?? 0, { ...this.#word(), ...changed });
    if (answer === undefined) return;
    this.#heardMs = performance.now();
    this.#isHeld = answer.isHeld === true;
  }

  #keep(entry: PrimaryEntry): void {
    this.entry = entry;
    this.#parts.save();
  }
}
