import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { StorageSystem } from "../../controller/storage-system.ts";
import type { Disk } from "../../ports/index.ts";
import { Tasks } from "../../tasks.ts";
import type { ControlHost } from "../control/control-host.ts";
import { type ControlServer, startControlServer } from "../control/control-server.ts";
import { EventHub } from "../control/event-hub.ts";
import { Metrics } from "../control/metrics.ts";
import type { StatusDocument } from "../control/status-schema.ts";
import { statusOf } from "../control/status.ts";
import { tcpLinks, type TcpLinks } from "../link/tcp-links.ts";
import { NbdServer } from "../nbd/server.ts";
import { NodeClock } from "../node-clock.ts";
import { NodeRandom } from "../node-random.ts";
import { PinoLog } from "../pino-log.ts";
import { SetupError, systemCode } from "../setup-error.ts";
import type { DaemonConfig } from "./config.ts";
import { readOrMakeToken } from "./control-token.ts";
import { GatedDisk } from "./gated-disk.ts";
import { openDisk } from "./open-disk.ts";
import { SystemExports } from "./system-exports.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One running engine on this machine. */
export interface Daemon {
  readonly control: Address;
  readonly nbd: Address;
  readonly token: string;
  /** Where others dial to, by name of the link. */
  linkPort(link: string): number;
  /** Settles only with a bug of ours: nothing after it can be trusted, so end the process without {@link stop}. */
  readonly failed: Promise<Error>;
  /** Answers what hosts have asked, makes it durable at both ends, and lets go of everything. */
  stop(): Promise<void>;
}

export interface DaemonOptions {
  readonly config: DaemonConfig;
  readonly logger: Logger;
  readonly version: string;
}

/**
 * Starts an engine with all that it needs of this machine. Settles when hosts and commands are served.
 * @throws SetupError, EngineError, DiskError: nothing is left running
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const running = new RunningDaemon(options);
  try {
    await running.start();
    return running;
  } catch (error) {
    await running.letGo();
    throw error;
  }
}

class RunningDaemon implements Daemon, ControlHost {
  readonly version: string;
  readonly metrics = new Metrics();
  readonly events = new EventHub();
  readonly failed: Promise<Error>;
  phase: ControlHost["phase"] = "starting";
  system: StorageSystem | undefined;
  control: Address = { host: "", port: 0 };
  nbd: Address = { host: "", port: 0 };
  token = "";
  readonly #config: DaemonConfig;
  readonly #clock = new NodeClock();
  readonly #tasks = new Tasks();
  readonly #log: PinoLog;
  readonly #logger: Logger;
  readonly #disks: GatedDisk[] = [];
  #links: TcpLinks | undefined;
  #nbdServer: NbdServer | undefined;
  #controlServer: ControlServer | undefined;
  #stopping: Promise<void> | undefined;

  constructor({ config, logger, version }: DaemonOptions) {
    this.#config = config;
    this.#logger = logger;
    this.version = version;
    this.failed = this.#tasks.failed;
    this.#log = new PinoLog(logger, this.#clock);
    this.#log.onStep((step) => this.events.step(step));
    const status = (): StatusDocument | undefined =>
      this.system === undefined ? undefined : statusOf(this.system, version, this.nowNs());
    this.events.status = status;
    this.metrics.status = status;
    this.metrics.clients = () => this.#nbdServer?.clientCount ?? 0;
  }

  nowNs(): number {
    return this.#clock.monotonicNs();
  }

  fail(error: unknown): void {
    this.#tasks.spawn(rejected(error));
  }

  linkPort(link: string): number {
    return this.#links?.portOf(link) ?? 0;
  }

  async start(): Promise<void> {
    // First, so that health can be asked for while a large system is read.
    await this.#startControl();
    const disks = new Map<string, Disk>();
    for (const volume of this.#config.volumes) disks.set(volume.name, await this.#open(volume));
    const meta = await this.#open(this.#config.meta);
    this.#links = await this.#linksOf();
    const { name, volumes, links, images, journals } = this.#config;
    this.system = await StorageSystem.start(
      {
        name,
        volumes: volumes.map(({ name, size, trackBytes, regionBytes, hotRegions }) => {
          return { name, sizeBytes: size, trackBytes, regionBytes: Math.max(regionBytes, trackBytes), hotRegions };
        }),
        links: links.map(({ name, peer, role }) => ({ name, peer, role, address: name })),
        images: images.map(({ volume, method, area }) => ({ volume, method, ...(area === undefined ? {} : { area }) })),
        journals,
      },
      { disks, meta, links: this.#links, clock: this.#clock, random: new NodeRandom(), log: this.#log },
      this.#tasks,
    );
    await this.#links.ready();
    await this.#startNbd(this.system);
    this.phase = "ready";
    const { control, nbd } = this;
    const listening = links.filter(({ role }) => role === "listen");
    this.#log.step("daemon.ready", {
      control: textOf(control),
      nbd: textOf(nbd),
      links: listening.map(({ name, host }) => `${name}=${textOf({ host, port: this.linkPort(name) })}`).join(" "),
      version: this.version,
    });
  }

  async #open(place: Parameters<typeof openDisk>[0]): Promise<GatedDisk> {
    const disk = new GatedDisk(await openDisk(place));
    this.#disks.push(disk);
    return disk;
  }

  async #linksOf(): Promise<TcpLinks> {
    const { links, tls } = this.#config;
    const addresses = new Map(links.map(({ name, host, port, peer }) => [name, { host, port, peer }]));
    if (tls === undefined) {
      if (links.length > 0) this.#logger.warn("links without TLS: whoever reaches their ports is believed");
      return tcpLinks({ addresses, log: this.#log });
    }
    const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map(readPem));
    return tcpLinks({ addresses, log: this.#log, tls: { ca: ca ?? "", cert: cert ?? "", key: key ?? "" } });
  }

  async #startControl(): Promise<void> {
    const { host, port, tokenFile, commandTimeoutSeconds } = this.#config.control;
    this.token = await readOrMakeToken(tokenFile);
    if (!isLoopback(host)) this.#logger.warn({ host }, "the control API can be reached from elsewhere, in the clear");
    const server = await listening(host, port, () =>
      startControlServer({
        host: this,
        token: this.token,
        commandTimeoutMs: commandTimeoutSeconds * 1000,
        address: host,
        port,
      }),
    );
    this.#controlServer = server;
    this.control = { host: server.address, port: server.port };
  }

  async #startNbd(system: StorageSystem): Promise<void> {
    const { host, port, tls, clientsMax } = this.#config.nbd;
    const pem = tls && {
      cert: await readPem(tls.cert),
      key: await readPem(tls.key),
      required: tls.required,
      ...(tls.ca === undefined ? {} : { ca: await readPem(tls.ca) }),
    };
    const exports = new SystemExports(system, this);
    const server = new NbdServer({ exports, log: this.#log, clientsMax, ...(pem === undefined ? {} : { tls: pem }) });
    this.nbd = await listening(host, port, () => server.listen({ host, port }));
    this.#nbdServer = server;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.phase = "stopping";
    this.#log.step("daemon.stopping", {});
    const drainMs = this.#config.stopSeconds * 1000;
    await this.#nbdServer?.close({ drainMs });
    await within(drainMs, this.system?.stop());
    await this.letGo();
    this.#logger.info("stopped");
  }

  /** Closes whatever is open. */
  async letGo(): Promise<void> {
    this.phase = "stopping";
    this.#clock.stop();
    await this.#nbdServer?.close({ drainMs: 0 });
    await this.#links?.close();
    await Promise.all(this.#disks.map((disk) => disk.shut()));
    await this.#controlServer?.close();
  }
}

async function rejected(error: unknown): Promise<never> {
  throw error instanceof Error ? error : new Error(String(error));
}

function textOf({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** At most `limitMs` for `work`; what it does later is nobody's business. */
async function within(limitMs: number, work: Promise<void> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

/** @throws SetupError ADDRESS_UNUSABLE */
async function listening<T>(host: string, port: number, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new SetupError(
      "ADDRESS_UNUSABLE",
      {
        place: `${host}:${port}`,
        found: systemCode(error),
        expected: "an address of this machine that is free",
        remedy: "choose another port, or stop what uses it",
      },
      { cause: error },
    );
  }
}

/** @throws SetupError CONFIG_INVALID */
async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new SetupError("CONFIG_INVALID", {
      place: file,
      found: systemCode(error),
      expected: "a file in PEM",
      remedy: "make keys with `resilver keys`",
    });
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
