import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import {
  type Command,
  type LinkConfig,
  type NodeConfig,
  type NodeEngine,
  type NodeStatus,
  Refusal,
  serveJson,
  serveNode,
  type VolumeConfig,
  writeDurably,
} from "../template/node-server.ts";
import type { PeerWord } from "./peer.ts";
import { Primary, type PrimaryEntry } from "./primary.ts";
import { Secondary } from "./secondary.ts";
import { StorageDaemon } from "./storage-daemon.ts";

// A node of QEMU's storage daemon, as resilver runs it: see README.md.

const STATE_FILE = "/var/lib/qemu-node/state.json";
const BOOT = randomUUID();

interface State {
  readonly primaries: readonly PrimaryEntry[];
  readonly secondaries: readonly PeerWord[];
}

class QemuNode implements NodeEngine {
  readonly #config: NodeConfig;
  readonly #daemon: StorageDaemon;
  /** By link that is listened on. */
  readonly #receivers = new Map<string, StorageDaemon>();
  readonly #primaries = new Map<string, Primary>();
  readonly #secondaries = new Map<string, Secondary>();
  #isReady = false;

  constructor(config: NodeConfig) {
    this.#config = config;
    this.#daemon = new StorageDaemon(config.nbd.port);
    for (const { name, role, ports } of config.links) {
      const [data = 0, words = 0] = ports;
      if (role !== "listen") continue;
      this.#receivers.set(name, new StorageDaemon(data));
      serveJson(words, async (_method, _path, body) => {
        await this.#hear(name, body as PeerWord);
        return [200, { boot: BOOT }];
      });
    }
  }

  async start(): Promise<void> {
    const { primaries, secondaries }: State = existsSync(STATE_FILE)
      ? (JSON.parse(readFileSync(STATE_FILE, "utf8")) as State)
      : { primaries: [], secondaries: [] };
    const received = new Set(secondaries.map(({ volume }) => volume));
    for (const volume of this.#config.volumes) {
      if (received.has(volume.name)) continue;
      await this.#daemon.open(volume.name, volume.disk);
      await this.#daemon.serve(volume.name, { writable: true });
    }
    for (const entry of primaries) this.#primaries.set(entry.pair, this.#primary(entry, "crash"));
    for (const word of secondaries) {
      const [link = ""] = this.#receivers.keys();
      const secondary = this.#secondary(link, word, "none");
      this.#secondaries.set(word.pair, secondary);
      await secondary.open();
    }
    this.#isReady = true;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  async status(): Promise<NodeStatus> {
    const primaries = [...this.#primaries.values()];
    const secondaries = [...this.#secondaries.values()];
    const ups = new Set([
      ...primaries.filter(({ isConnected }) => isConnected).map(({ entry }) => entry.link),
      ...secondaries.filter(({ isConnected }) => isConnected).map(({ link }) => link),
    ]);
    const pairs = [
      ...(await Promise.all(primaries.map((primary) => primary.status()))),
      ...secondaries.map((secondary) => secondary.status()),
    ];
    return { pairs, links: this.#config.links.map(({ name }) => ({ link: name, up: ups.has(name) })) };
  }

  async execute(command: Command): Promise<void> {
    const { kind, pair = "", secondary = "read-only" } = command;
    if (kind === "create") return this.#create(command);
    const primary = this.#primaries.get(pair);
    if (primary === undefined) {
      if (this.#secondaries.has(pair)) throw new Refusal(409, "NOT_PRIMARY", "give it at the primary");
      throw new Refusal(404, "PAIR_UNKNOWN", `there is no pair ${pair}`);
    }
    if (kind === "split") {
      const { status } = await primary.status();
      if (status !== "DUPLEX")
        throw new Refusal(409, "NOT_IN_STEP", "a job that is not in step cannot end in one moment");
      return primary.split(secondary);
    }
    if (kind === "resync" && command.direction !== "reverse") {
      await primary.resync();
      return undefined;
    }
    if (kind === "delete") {
      if (!primary.entry.isSplit) throw new Refusal(409, "NOT_SPLIT", "split it first");
      await primary.end();
      this.#primaries.delete(pair);
      this.#save();
      return undefined;
    }
    throw new Refusal(400, "NOT_DECLARED", `there is no command ${kind} here`);
  }

  async #create({ pair = "", volume = "", link = "", peerVolume = "", mode = "" }: Command): Promise<void> {
    if (this.#primaries.has(pair)) throw new Refusal(409, "PAIR_EXISTS", `there is a pair ${pair}`);
    const isSync = this.#config.settings["copyMode"] === "write-blocking";
    if ((mode === "sync") !== isSync) throw new Refusal(400, "NOT_DECLARED", `mode ${mode}`);
    this.#volume(volume);
    this.#link(link);
    const entry = { pair, volume, link, peerVolume, isSplit: false, secondary: "read-only" } as const;
    const primary = this.#primary(entry);
    this.#primaries.set(pair, primary);
    if (await primary.resync()) return;
    await primary.end();
    this.#primaries.delete(pair);
    this.#save();
    throw new Refusal(409, "UNREACHABLE", "the other end does not answer");
  }

  #primary(entry: PrimaryEntry, suspension = ""): Primary {
    const parts = {
      daemon: this.#daemon,
      volume: this.#volume(entry.volume),
      link: this.#link(entry.link),
      copyMode: this.#config.settings["copyMode"] ?? "background",
      isTargetDurable: this.#isDurable,
      save: () => this.#save(),
    };
    return new Primary(entry, parts, suspension);
  }

  #secondary(link: string, word: PeerWord, use: "none" | "read-write"): Secondary {
    const receiver = this.#receivers.get(link);
    if (receiver === undefined) throw new Error(`link ${link} is not listened on`);
    const parts = {
      volume: this.#volume(word.volume),
      link,
      daemon: this.#daemon,
      receiver,
      isDurable: this.#isDurable,
      save: () => this.#save(),
    };
    return new Secondary(word, parts, use);
  }

  async #hear(link: string, word: PeerWord): Promise<void> {
    if (!this.#isReady) throw new Refusal(409, "NOT_READY", "it starts");
    let secondary = this.#secondaries.get(word.pair);
    if (secondary === undefined) {
      if (word.isDeleted === true) return;
      // Until now its hosts had the volume.
      secondary = this.#secondary(link, { ...word, isDeleted: true }, "read-write");
      this.#secondaries.set(word.pair, secondary);
    }
    await secondary.take(word);
    if (word.isDeleted === true) {
      this.#secondaries.delete(word.pair);
      this.#save();
    }
  }

  get #isDurable(): boolean {
    return this.#config.settings["targetCache"] === "writethrough";
  }

  #volume(name: string): VolumeConfig {
    const volume = this.#config.volumes.find((candidate) => candidate.name === name);
    if (volume === undefined) throw new Refusal(404, "VOLUME_UNKNOWN", `there is no volume ${name}`);
    return volume;
  }

  #link(name: string): LinkConfig {
    const link = this.#config.links.find((candidate) => candidate.name === name);
    if (link === undefined) throw new Refusal(404, "LINK_UNKNOWN", `there is no link ${name}`);
    if (link.role !== "dial") throw new Refusal(409, "NOT_DIALLED", "the primary is the end that dials");
    return link;
  }

  /** The pairs that there are, durably. */
  #save(): void {
    const state: State = {
      primaries: [...this.#primaries.values()].map(({ entry }) => entry),
      secondaries: [...this.#secondaries.values()].map(({ word }) => word),
    };
    writeDurably(STATE_FILE, JSON.stringify(state));
  }
}

const config = JSON.parse(readFileSync("/etc/resilver/node.json", "utf8")) as NodeConfig;
const node = new QemuNode(config);
serveNode(config, node);
// The first process of a container ignores what it does not handle.
process.on("SIGTERM", () => process.exit(0));
await node.start();
