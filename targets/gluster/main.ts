import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { PairEnds } from "../qemu/pair-ends.ts";
import {
  type Command,
  dialledLink,
  type LinkConfig,
  type NodeConfig,
  type NodeEngine,
  type NodeStatus,
  Refusal,
  readConfig,
  runNode,
  serveJson,
  volumeOf,
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

class GlusterNode implements NodeEngine {
  readonly #config: NodeConfig;
  readonly #hosts: Hosts;
  readonly #bricks: ReadonlyMap<string, Brick>;
  readonly #ends = new PairEnds<Primary, Secondary>(STATE_FILE);
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
    const { primaries, secondaries } = this.#ends.kept();
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
      this.#ends.secondaries.set(word.pair, secondary);
      await secondary.open();
    }
    for (const entry of primaries) {
      const primary = this.#primary(entry, "crash");
      this.#ends.primaries.set(entry.pair, primary);
      await primary.open();
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
    const { kind, pair = "", secondary = "read-only", direction } = command;
    if (kind === "create") return this.#create(command);
    const primary = this.#ends.primary(pair);
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
    if (this.#ends.primaries.has(pair)) throw new Refusal(409, "PAIR_EXISTS", `there is a pair ${pair}`);
    if (mode !== "sync") throw new Refusal(400, "NOT_DECLARED", `mode ${mode}`);
    const primary = this.#primary({ pair, volume, link, peerVolume, isSplit: false });
    if (!(await primary.introduce())) throw new Refusal(409, "UNREACHABLE", "the other end does not answer");
    this.#ends.primaries.set(pair, primary);
    this.#ends.save();
    await primary.open();
  }

  async #forget(primary: Primary): Promise<void> {
    this.#ends.primaries.delete(primary.entry.pair);
    this.#ends.save();
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
      volume: volumeOf(this.#config, entry.volume),
      link: dialledLink(this.#config, entry.link),
      brick: this.#brick(entry.volume),
      local: this.#local(entry.volume),
      hosts: this.#hosts,
      save: () => this.#ends.save(),
    };
    return new Primary(entry, parts, suspension);
  }

  #secondary(link: LinkConfig, word: BrickWord): Secondary {
    return new Secondary(word, {
      volume: volumeOf(this.#config, word.volume),
      link,
      brick: this.#brick(word.volume),
      hosts: this.#hosts,
      save: () => this.#ends.save(),
      release: () => this.#serveAlone(word.volume),
    });
  }

  /** @returns whether the brick here has the whole file */
  async #hear(link: string, word: BrickWord): Promise<boolean> {
    if (!this.#isReady) throw new Refusal(409, "NOT_READY", "it starts");
    let secondary = this.#ends.secondaries.get(word.pair);
    if (secondary === undefined) {
      if (word.isDeleted === true) return false;
      const config = this.#config.links.find(({ name }) => name === link);
      if (config === undefined) throw new Error(`there is no link ${link}`);
      secondary = this.#secondary(config, word);
      this.#ends.secondaries.set(word.pair, secondary);
      await secondary.begin();
    }
    await secondary.take(word);
    if (word.isDeleted === true) {
      this.#ends.secondaries.delete(word.pair);
      this.#ends.save();
    }
    return secondary.isHeld;
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
}

for (const folder of FOLDERS) mkdirSync(folder, { recursive: true });
const config = readConfig();
if (config.copies === undefined) throw new Error("no port for copies: the manifest declares volume-disk");
void new Daemon("nbdkit", ["-f", "--port", String(config.copies.port), "python", "/opt/targets/gluster/copies.py"]);
await runNode(config, new GlusterNode(config));
