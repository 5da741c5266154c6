import { randomUUID } from "node:crypto";
import { Mirror, type MirrorEntry } from "./mirror.ts";
import { NbdClient, type NbdExport, NbdExportError, NbdServer } from "./nbd.mjs";
import {
  type Command,
  type NodeConfig,
  type NodeEngine,
  type NodeStatus,
  Refusal,
  readConfig,
  readState,
  runNode,
  secondaryStatus,
  serveBytes,
  type VolumeConfig,
  volumeOf,
  writeState,
} from "./node-server.ts";
import { Peer, SILENCE_MS, type Word } from "./peer.ts";

// A replication engine that is small enough to be read, and the adapter around it: see README.md. Replace the engine.

const STATE_FILE = "/var/lib/node/state.json";
const BOOT = randomUUID();
const EPERM = 1;

interface State {
  readonly mirrors: readonly MirrorEntry[];
  readonly words: readonly Word[];
}

class Node implements NodeEngine {
  readonly #config: NodeConfig;
  readonly #disks = new Map<string, NbdClient>();
  readonly #peers = new Map<string, Peer>();
  readonly #mirrors = new Map<string, Mirror>();
  /** By pair of which a volume here is the secondary: what its primary said last. */
  readonly #words = new Map<string, Word>();
  #heardMs = -SILENCE_MS;
  #isReady = false;

  constructor(config: NodeConfig) {
    this.#config = config;
  }

  async start(): Promise<void> {
    const { volumes, links, nbd } = this.#config;
    for (const { name, disk } of volumes) {
      const { hostname, port, pathname } = new URL(disk);
      const exportName = decodeURIComponent(pathname.slice(1));
      this.#disks.set(name, await NbdClient.connect({ host: hostname, port: Number(port), exportName }));
    }
    for (const { name, role, host, ports } of links) {
      const [port = 0] = ports;
      if (role === "dial") this.#peers.set(name, new Peer(host, port));
      else serveBytes(port, (_method, path, bytes) => this.#hear(path, bytes));
    }
    const { mirrors, words } = readState<State>(STATE_FILE, { mirrors: [], words: [] });
    for (const word of words) this.#words.set(word.pair, word);
    for (const entry of mirrors) this.#mirrors.set(entry.pair, this.#mirror(entry));
    const exports = volumes.map((volume) => this.#export(volume));
    const find = (name: string): NbdExport | undefined => exports.find((one) => one.name === name);
    await new NbdServer({ exports: { exports: () => exports, find } }).listen({ host: "0.0.0.0", port: nbd.port });
    this.#isReady = true;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  async status(): Promise<NodeStatus> {
    const isHeard = performance.now() - this.#heardMs < SILENCE_MS;
    const secondaries = [...this.#words.values()].map((word) => secondaryStatus(word, isHeard));
    const isUp = (link: string): boolean => this.#peers.get(link)?.isConnected ?? isHeard;
    return {
      pairs: [...[...this.#mirrors.values()].map((mirror) => mirror.status()), ...secondaries],
      links: this.#config.links.map(({ name }) => ({ link: name, up: isUp(name) })),
    };
  }

  pending(pair: string) {
    const mirror = this.#mirrors.get(pair);
    const volume = mirror?.entry.volume ?? this.#words.get(pair)?.volume;
    if (volume === undefined) throw new Refusal(404, "PAIR_UNKNOWN", `there is no pair ${pair}`);
    return { trackBytes: volumeOf(this.#config, volume).trackBytes, runs: mirror?.pending() ?? [] };
  }

  async execute(command: Command): Promise<void> {
    const { kind, pair = "" } = command;
    if (kind === "create") return this.#create(command);
    const mirror = this.#mirrors.get(pair);
    if (mirror === undefined) throw new Refusal(404, "PAIR_UNKNOWN", `there is no pair ${pair} whose primary is here`);
    if (kind === "split") return mirror.split();
    if (kind === "resync" && command.direction !== "reverse") return void (await mirror.begin());
    throw new Refusal(400, "NOT_DECLARED", `there is no command ${kind} here`);
  }

  async #create({ pair = "", volume = "", link = "", peerVolume = "" }: Command): Promise<void> {
    if (this.#mirrors.has(pair)) throw new Refusal(409, "PAIR_EXISTS", `there is a pair ${pair}`);
    const mirror = this.#mirror({ pair, volume, link, peerVolume, isSplit: false });
    this.#mirrors.set(pair, mirror);
    if (await mirror.begin()) return;
    await mirror.end();
    this.#mirrors.delete(pair);
    this.#save();
    throw new Refusal(409, "UNREACHABLE", "the other end does not answer");
  }

  #mirror(entry: MirrorEntry): Mirror {
    const peer = this.#peers.get(entry.link);
    if (peer === undefined) throw new Refusal(404, "LINK_UNKNOWN", `${entry.link} is not dialled here`);
    const volume = volumeOf(this.#config, entry.volume);
    return new Mirror(entry, { volume, disk: this.#disk(volume.name), peer, save: () => this.#save() });
  }

  /** The secondary's part. */
  async #hear(path: string, bytes: Buffer): Promise<readonly [number, unknown]> {
    if (!this.#isReady) throw new Refusal(409, "NOT_READY", "it starts");
    const { pathname, searchParams } = new URL(path, "http://node");
    this.#heardMs = performance.now();
    const volume = searchParams.get("volume") ?? "";
    if (pathname === "/word") this.#note(JSON.parse(bytes.toString("utf8")) as Word);
    else if (pathname === "/flush") await this.#disk(volume).flush();
    else
      await this.#disk(volume).write(Number(searchParams.get("at")), bytes, { fua: searchParams.get("fua") === "1" });
    return [200, { boot: BOOT }];
  }

  #note(word: Word): void {
    const isNews = JSON.stringify(word) !== JSON.stringify(this.#words.get(word.pair));
    if (word.isDeleted === true) this.#words.delete(word.pair);
    else this.#words.set(word.pair, word);
    if (isNews) this.#save();
  }

  /** The volume as its hosts have it. */
  #export({ name, sizeBytes }: VolumeConfig): NbdExport {
    const disk = this.#disk(name);
    const mirrorOf = (): Mirror | undefined => [...this.#mirrors.values()].find(({ entry }) => entry.volume === name);
    const wordOf = (): Word | undefined => [...this.#words.values()].find(({ volume }) => volume === name);
    const write = async (offsetBytes: number, data: Uint8Array, fua: boolean): Promise<void> => {
      if (wordOf() !== undefined) throw new NbdExportError(EPERM, `${name} is a secondary`);
      const mirror = mirrorOf();
      if (mirror === undefined) await disk.write(offsetBytes, data, { fua });
      else await mirror.write(offsetBytes, data, fua);
    };
    const zero = (at: number, lengthBytes: number, { fua }: { fua: boolean }): Promise<void> =>
      write(at, new Uint8Array(lengthBytes), fua);
    return {
      name,
      sizeBytes,
      readOnly: false,
      canMultiConn: true,
      hasFastZeroes: false,
      contexts: [],
      read: async (offsetBytes, lengthBytes) => {
        if (wordOf()?.consistent === false) throw new NbdExportError(EPERM, `${name} is being copied`);
        return disk.read(offsetBytes, lengthBytes);
      },
      write: (offsetBytes, data, { fua }) => write(offsetBytes, data, fua),
      flush: async () => mirrorOf()?.flush() ?? disk.flush(),
      trim: zero,
      writeZeroes: zero,
    };
  }

  #disk(volume: string): NbdClient {
    const disk = this.#disks.get(volume);
    if (disk === undefined) throw new Refusal(404, "VOLUME_UNKNOWN", `there is no volume ${volume}`);
    return disk;
  }

  /** The pairs that there are, durably. */
  #save(): void {
    const mirrors = [...this.#mirrors.values()].map(({ entry }) => entry);
    writeState(STATE_FILE, { mirrors, words: [...this.#words.values()] } satisfies State);
  }
}

const config = readConfig();
await runNode(config, new Node(config));
