import { randomUUID } from "node:crypto";
import {
  type Command,
  dialledLink,
  type NodeConfig,
  type NodeEngine,
  type NodeStatus,
  Refusal,
  readConfig,
  runNode,
  serveJson,
  volumeOf,
} from "../template/node-server.ts";
import { PairEnds } from "./pair-ends.ts";
import type { PeerWord } from "./peer.ts";
import { Primary, type PrimaryEntry } from "./primary.ts";
import { Secondary } from "./secondary.ts";
import { StorageDaemon } from "./storage-daemon.ts";

// A node of QEMU's storage daemon, as resilver runs it: see README.md.

const STATE_FILE = "/var/lib/qemu-node/state.json";
const BOOT = randomUUID();

class QemuNode implements NodeEngine {
  readonly #config: NodeConfig;
  readonly #daemon: StorageDaemon;
  /** By link that is listened on. */
  readonly #receivers = new Map<string, StorageDaemon>();
  readonly #ends = new PairEnds<Primary, Secondary>(STATE_FILE);
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
    const { primaries, secondaries } = this.#ends.kept();
    const received = new Set(secondaries.map(({ volume }) => volume));
    for (const volume of this.#config.volumes) {
      if (received.has(volume.name)) continue;
      await this.#daemon.open(volume.name, volume.disk);
      await this.#daemon.serve(volume.name, { writable: true });
    }
    for (const entry of primaries) this.#ends.primaries.set(entry.pair, this.#primary(entry, "crash"));
    for (const word of secondaries) {
      const [link = ""] = this.#receivers.keys();
      const secondary = this.#secondary(link, word, "none");
      this.#ends.secondaries.set(word.pair, secondary);
      await secondary.open();
    }
    this.#isReady = true;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  status(): Promise<NodeStatus> {
    return this.#ends.status(this.#config);
  }

  async execute(command: Command): Promise<void> {
    const { kind, pair = "", secondary = "read-only" } = command;
    if (kind === "create") return this.#create(command);
    const primary = this.#ends.primary(pair);
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
      this.#ends.primaries.delete(pair);
      this.#ends.save();
      return undefined;
    }
    throw new Refusal(400, "NOT_DECLARED", `there is no command ${kind} here`);
  }

  async #create({ pair = "", volume = "", link = "", peerVolume = "", mode = "" }: Command): Promise<void> {
    if (this.#ends.primaries.has(pair)) throw new Refusal(409, "PAIR_EXISTS", `there is a pair ${pair}`);
    const isSync = this.#config.settings["copyMode"] === "write-blocking";
    if ((mode === "sync") !== isSync) throw new Refusal(400, "NOT_DECLARED", `mode ${mode}`);
    volumeOf(this.#config, volume);
    dialledLink(this.#config, link);
    const entry = { pair, volume, link, peerVolume, isSplit: false, secondary: "read-only" } as const;
    const primary = this.#primary(entry);
    this.#ends.primaries.set(pair, primary);
    if (await primary.resync()) return;
    await primary.end();
    this.#ends.primaries.delete(pair);
    this.#ends.save();
    throw new Refusal(409, "UNREACHABLE", "the other end does not answer");
  }

  #primary(entry: PrimaryEntry, suspension = ""): Primary {
    const parts = {
      daemon: this.#daemon,
      volume: volumeOf(this.#config, entry.volume),
      link: dialledLink(this.#config, entry.link),
      copyMode: this.#config.settings["copyMode"] ?? "background",
      isTargetDurable: this.#isDurable,
      save: () => this.#ends.save(),
    };
    return new Primary(entry, parts, suspension);
  }

  #secondary(link: string, word: PeerWord, use: "none" | "read-write"): Secondary {
    const receiver = this.#receivers.get(link);
    if (receiver === undefined) throw new Error(`link ${link} is not listened on`);
    const parts = {
      volume: volumeOf(this.#config, word.volume),
      link,
      daemon: this.#daemon,
      receiver,
      isDurable: this.#isDurable,
      save: () => this.#ends.save(),
    };
    return new Secondary(word, parts, use);
  }

  async #hear(link: string, word: PeerWord): Promise<void> {
    if (!this.#isReady) throw new Refusal(409, "NOT_READY", "it starts");
    let secondary = this.#ends.secondaries.get(word.pair);
    if (secondary === undefined) {
      if (word.isDeleted === true) return;
      // Until now its hosts had the volume.
      secondary = this.#secondary(link, { ...word, isDeleted: true }, "read-write");
      this.#ends.secondaries.set(word.pair, secondary);
    }
    await secondary.take(word);
    if (word.isDeleted === true) {
      this.#ends.secondaries.delete(word.pair);
      this.#ends.save();
    }
  }

  get #isDurable(): boolean {
    return this.#config.settings["targetCache"] === "writethrough";
  }
}

const config = readConfig();
await runNode(config, new QemuNode(config));
