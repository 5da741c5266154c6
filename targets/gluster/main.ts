import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
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
import { Brick } from "./brick.ts";
import { Daemon } from "./daemon.ts";
import { Hosts } from "./hosts.ts";
import { Primary, type PrimaryEntry } from "./primary.ts";
import { type BrickWord, Secondary } from "./secondary.ts";
import { type BrickAddress, clientGraph } from "./volfiles.ts";

// A node of GlusterFS, as resilver runs it: see README.md.

const STATE_FILE = "/var/lib/gluster-node/state.json";
const FOLDERS = ["/bricks", "/run/gluster", "/var/lib/glusterd", "/var/log/glusterfs"];
/** Of bricks that this node alone uses: one a volume from here on. */
const LOCAL_PORT = 24_100;
const BOOT = randomUUID();

interface State {
  readonly primaries: readonly PrimaryEntry[];
  readonly secondaries: readonly BrickWord[];
}

class GlusterNode implements NodeEngine {
  readonly #config: NodeConfig;
  readonly #hosts: Hosts;
  readonly #bricks: ReadonlyMap<string, Brick>;
  readonly #primaries = new Map<string, Primary>();
  readonly #secondaries = new Map<string, Secondary>();
  #isReady = false;

  constructor(config: NodeConfig) {
    this.#config = config;
    this.#hosts = new Hosts(config.nbd.port);
    this.#bricks = new Map(config.volumes.map(({ name }) => [name, new Brick(name)]));
    for (const { name, role, ports } of config.links)
      if (role === "listen")
        serveJson(ports[1] ?? 0, async (_method, _path, body) => {
          const isHeld = await this.#hear(name, body as BrickWord);
          return [200, { boot: BOOT, isHeld }];
        });
  }

  async start(): Promise<void> {
    const { primaries, secondaries }: State = existsSync(STATE_FILE)
      ? (JSON.parse(readFileSync(STATE_FILE, "utf8")) as State)
      : { primaries: [], secondaries: [] };
    await this.#hosts.ready();
    const received = new Set(secondaries.map(({ volume }) => volume));
    const mirrored = new Set(primaries.map(({ volume }) => volume));
    for (const { name } of this.#config.volumes)
      if (mirrored.has(name)) await this.#brick(name).start(this.#local(name), hostname());
      else if (!received.has(name)) await this.#serveAlone(name);
    for (const word of secondaries) {
      const [link] = this.#config.links.filter(({ role }) => role === "listen");
      if (link === undefined) throw new Error("there is no link to listen on");
      const secondary = this.#secondary(link, word);
      this.#secondaries.set(word.pair, secondary);
      await secondary.open();
    }
    for (const entry of primaries) {
      const primary = this.#primary(entry, "crash");
      this.#primaries.set(entry.pair, primary);
      await primary.open();
    }
    this.#isReady = true;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  async status(): Promise<NodeStatus> {
    const secondaries = [...this.#secondaries.values()];
    const primaries = [...this.#primaries.values()];
    const pairs = [
      ...(await Promise.all(primaries.map((primary) => primary.status()))),
      ...secondaries.map((secondary) => secondary.status()),
    ];
    const ups = new Set([
      ...primaries.filter(({ isConnected }) => isConnected).map(({ entry }) => entry.link),
      ...secondaries.filter(({ isConnected }) => isConnected).map(({ link }) => link),
    ]);
    return { pairs, links: this.#config.links.map(({ name }) => ({ link: name, up: ups.has(name) })) };
  }

  async execute(command: Command): Promise<void> {
    const { kind, pair = "", secondary = "read-only", direction } = command;
    if (kind === "create") return this.#create(command);
    const primary = this.#primaries.get(pair);
    if (primary === undefined) {
      if (this.#secondaries.has(pair)) throw new Refusal(409, "NOT_PRIMARY", "give it at the primary");
      throw new Refusal(404, "PAIR_UNKNOWN", `there is no pair ${pair}`);
    }
    if (kind === "split" && secondary === "read-only") {
      const { status } = await primary.status();
      if (status !== "DUPLEX") throw new Refusal(409, "NOT_IN_STEP", "the second brick is no copy yet");
      return primary.split();
    }
    if (kind === "resync" && direction !== "reverse") return primary.resync();
    if (kind === "delete") {
      if (!primary.entry.isSplit) throw new Refusal(409, "NOT_SPLIT", "split it first");
      return this.#forget(primary);
    }
    throw new Refusal(400, "NOT_DECLARED", `there is no such ${kind} here`);
  }

  async #create({ pair = "", volume = "", link = "", peerVolume = "", mode = "" }: Command): Promise<void> {
    if (this.#primaries.has(pair)) throw new Refusal(409, "PAIR_EXISTS", `there is a pair ${pair}`);
    if (mode !== "sync") throw new Refusal(400, "NOT_DECLARED", `mode ${mode}`);
    const primary = this.#primary({ pair, volume, link, peerVolume, isSplit: false });
    if (!(await primary.introduce())) throw new Refusal(409, "UNREACHABLE", "the other end does not answer");
    this.#primaries.set(pair, primary);
    this.#save();
    await primary.open();
  }

  async #forget(primary: Primary): Promise<void> {
    this.#primaries.delete(primary.entry.pair);
    this.#save();
    await primary.end();
    await this.#serveAlone(primary.entry.volume);
  }

  /** Hosts use the brick of this node alone. */
  async #serveAlone(volume: string): Promise<void> {
    const volfile = `/run/${volume}-alone.vol`;
    writeFileSync(volfile, clientGraph([this.#local(volume)]));
    await this.#brick(volume).start(this.#local(volume), hostname());
    await this.#hosts.gluster(volume, volfile);
  }

  #primary(entry: PrimaryEntry, suspension = ""): Primary {
    const parts = {
      volume: this.#volume(entry.volume),
      link: this.#dialled(entry.link),
      brick: this.#brick(entry.volume),
      local: this.#local(entry.volume),
      hosts: this.#hosts,
      save: () => this.#save(),
    };
    return new Primary(entry, parts, suspension);
  }

  #secondary(link: LinkConfig, word: BrickWord): Secondary {
    return new Secondary(word, {
      volume: this.#volume(word.volume),
      link,
      brick: this.#brick(word.volume),
      hosts: this.#hosts,
      save: () => this.#save(),
      release: () => this.#serveAlone(word.volume),
    });
  }

  /** @returns whether the brick here has the whole file */
  async #hear(link: string, word: BrickWord): Promise<boolean> {
    if (!this.#isReady) throw new Refusal(409, "NOT_READY", "it starts");
    let secondary = this.#secondaries.get(word.pair);
    if (secondary === undefined) {
      if (word.isDeleted === true) return false;
      const config = this.#config.links.find(({ name }) => name === link);
      if (config === undefined) throw new Error(`there is no link ${link}`);
      secondary = this.#secondary(config, word);
      this.#secondaries.set(word.pair, secondary);
      await secondary.begin();
    }
    await secondary.take(word);
    if (word.isDeleted === true) {
      this.#secondaries.delete(word.pair);
      this.#save();
    }
    return secondary.isHeld;
  }

  #volume(name: string): VolumeConfig {
    const volume = this.#config.volumes.find((candidate) => candidate.name === name);
    if (volume === undefined) throw new Refusal(404, "VOLUME_UNKNOWN", `there is no volume ${name}`);
    return volume;
  }

  #brick(volume: string): Brick {
    const brick = this.#bricks.get(volume);
    if (brick === undefined) throw new Refusal(404, "VOLUME_UNKNOWN", `there is no volume ${volume}`);
    return brick;
  }

  /** Where a brick is that clients of this node alone, or first of all, use. */
  #local(volume: string): BrickAddress {
    const index = this.#config.volumes.findIndex(({ name }) => name === volume);
    return { host: "127.0.0.1", port: LOCAL_PORT + index };
  }

  #dialled(name: string): LinkConfig {
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

for (const folder of FOLDERS) mkdirSync(folder, { recursive: true });
const config = JSON.parse(readFileSync("/etc/resilver/node.json", "utf8")) as NodeConfig & {
  readonly copies: { readonly port: number };
};
void new Daemon("nbdkit", ["-f", "--port", String(config.copies.port), "python", "/opt/targets/gluster/copies.py"]);
const node = new GlusterNode(config);
serveNode(config, node);
// The first process of a container ignores what it does not handle.
process.on("SIGTERM", () => process.exit(0));
await node.start();
