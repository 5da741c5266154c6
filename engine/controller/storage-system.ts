import { EngineError } from "../errors.ts";
import type { Connection } from "../mirror/connection.ts";
import type { Pair } from "../mirror/pair.ts";
import { chooseResync, splitPair, swapRoles, takeOver } from "../mirror/pair-commands.ts";
import { NS_PER_MS } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import { Tasks } from "../tasks.ts";
import { CodecError } from "../wire/byte-codec.ts";
import type { Frame } from "../wire/frame.ts";
import { type Command, decodeCommand, encodeCommand, type PrimaryCommand } from "./command.ts";
import { decodeResult, encodeResult } from "./command-result.ts";
import type { SystemConfig, SystemPorts } from "./config.ts";
import { FrontEndDevice } from "./front-end.ts";
import { Interconnect } from "./interconnect.ts";
import { PairProtocol } from "./pair-protocol.ts";
import { SharedMemory } from "./shared-memory.ts";

/** After a start the primary lets hosts wait this long for word of a takeover. */
const PEER_WAIT_NS = 1_000 * NS_PER_MS;
/** A command that needs the other end waits this long for a link that is just coming up. */
const LINK_WAIT_NS = 3_000 * NS_PER_MS;

interface Asked {
  readonly connection: Connection;
  readonly command: PrimaryCommand;
  readonly answer: (error: EngineError | undefined) => void;
}

/** A storage system: front-end, shared control memory and interconnects put together. */
export class StorageSystem {
  readonly #config: SystemConfig;
  readonly #runtime: Runtime;
  readonly #memory: SharedMemory;
  readonly #protocol: PairProtocol;
  readonly #interconnects = new Map<string, Interconnect>();
  /** Commands that were sent to the other end, by number. */
  readonly #asked = new Map<number, Asked>();
  #asks = 0;

  private constructor(config: SystemConfig, ports: SystemPorts, runtime: Runtime, memory: SharedMemory) {
    this.#config = config;
    this.#runtime = runtime;
    this.#memory = memory;
    this.#protocol = new PairProtocol(memory, runtime);
    for (const link of config.links) {
      const interconnect = new Interconnect(link, ports.links, runtime, {
        system: config.name,
        bootCount: memory.table.bootCount,
        pairs: () => memory.pairsOn(link.name),
        pair: (id) => memory.pairById(id),
        onUp: (connection) => this.#protocol.onUp(link.name, connection),
        onDown: (connection) => this.#onDown(connection),
        onFrame: (connection, frame) => this.#onFrame(link.name, connection, frame),
      });
      this.#interconnects.set(link.name, interconnect);
    }
  }

  /**
   * Starts a system on its disks, at first or after a crash. `tasks` collects what escapes from
   * work that nobody awaits: when it fails, the system must be stopped.
   * @throws EngineError META_CORRUPT, META_TOO_SMALL, VOLUME_UNKNOWN. @throws DiskError
   */
  static async start(config: SystemConfig, ports: SystemPorts, tasks = new Tasks()): Promise<StorageSystem> {
    const { clock, random, log } = ports;
    const runtime = { clock, random, log, tasks };
    const memory = await SharedMemory.load(config, ports, runtime);
    const system = new StorageSystem(config, ports, runtime, memory);
    for (const pair of memory.pairs()) {
      if (pair.entry.role !== "primary" || !pair.entry.established) continue;
      pair.hold("start");
      clock.after(PEER_WAIT_NS, () => pair.release("start"));
    }
    for (const interconnect of system.#interconnects.values()) interconnect.start();
    log.step("system.started", { system: config.name, boot: memory.table.bootCount });
    return system;
  }

  /** @throws EngineError VOLUME_UNKNOWN */
  device(volume: string): FrontEndDevice {
    return new FrontEndDevice(this.#memory.volume(volume));
  }

  pairs(): readonly Pair[] {
    return this.#memory.pairs();
  }

  pair(name: string): Pair | undefined {
    return this.#memory.pairIfKnown(name);
  }

  /** Carries out a command, or has the other end do it. @throws EngineError: refused, nothing changed */
  async execute(command: Command): Promise<void> {
    this.#runtime.log.step("command", { system: this.#config.name, kind: command.kind, pair: command.pair });
    if (command.kind === "create") return this.#create(command);
    const pair = this.#memory.pair(command.pair);
    if (command.kind === "takeover") {
      await this.#interconnects.get(pair.entry.link)?.applied();
      await takeOver(pair);
    } else if (pair.entry.role === "secondary") await this.#ask(pair, command);
    else await this.#executeHere(pair, command);
    this.#protocol.reconcile(pair);
  }

  async #executeHere(pair: Pair, command: PrimaryCommand): Promise<void> {
    if (command.kind === "split") await splitPair(pair, command.secondary === "read-write");
    else if (command.kind === "failback") await swapRoles(pair);
    else {
      await this.#protocol.whenHeard(pair, LINK_WAIT_NS);
      await chooseResync(pair, command.direction);
    }
  }

  async #create(command: Extract<Command, { kind: "create" }>): Promise<void> {
    const { pair: name, link, volume, peerVolume, mode, tracker = "bitmap" } = command;
    const interconnect = this.#interconnects.get(link);
    if (interconnect === undefined) throw new EngineError("LINK_UNKNOWN", { link });
    const connection = await interconnect.whenUp(LINK_WAIT_NS);
    if (connection === undefined) throw new EngineError("LINK_DOWN", { pair: name, command: "create" });
    let id = this.#runtime.random.next32();
    while (id === 0 || this.#memory.pairById(id) !== undefined) id = this.#runtime.random.next32();
    const pair = await this.#memory.create({
      id,
      name,
      link,
      volume,
      peerVolume,
      mode,
      tracker,
      role: "primary",
    });
    if (!connection.session.ended) await this.#protocol.offer(pair, connection);
  }

  // --- commands for the other end (BR-12) -----------------------------------------------------

  async #ask(pair: Pair, command: PrimaryCommand): Promise<void> {
    const { connection, entry } = pair;
    const down = new EngineError("LINK_DOWN", { pair: entry.name, command: command.kind });
    if (connection === undefined || connection.session.ended) throw down;
    const number = this.#asks++;
    const error = await new Promise<EngineError | undefined>((resolve) => {
      this.#asked.set(number, { connection, command, answer: resolve });
      connection.session.send("command", { pairId: entry.id, payload: encodeCommand(number, command) });
    });
    if (error !== undefined) throw error;
  }

  #onDown(connection: Connection): void {
    this.#protocol.onDown();
    for (const [number, asked] of this.#asked) {
      if (asked.connection !== connection) continue;
      this.#asked.delete(number);
      asked.answer(new EngineError("UNANSWERED", { pair: asked.command.pair, command: asked.command.kind }));
    }
  }

  /** @throws CodecError */
  #onFrame(link: string, connection: Connection, frame: Frame): void {
    if (frame.kind === "command") {
      const { number, command } = decodeCommand(frame.payload);
      this.#runtime.tasks.spawn(this.#serve(connection, number, command));
    } else if (frame.kind === "result") this.#onResult(frame);
    else this.#protocol.onFrame(link, connection, frame);
  }

  async #serve(connection: Connection, number: number, command: PrimaryCommand): Promise<void> {
    let refusal: EngineError | undefined;
    try {
      const pair = this.#memory.pair(command.pair);
      await this.#executeHere(pair, command);
      this.#protocol.reconcile(pair);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      refusal = error;
    }
    if (!connection.session.ended)
      connection.session.send("result", { payload: encodeResult({ number, error: refusal }) });
  }

  #onResult(frame: Frame): void {
    const { number, error } = decodeResult(frame.payload);
    const asked = this.#asked.get(number);
    if (asked === undefined) throw new CodecError(`result of command ${number}, which was not asked`);
    this.#asked.delete(number);
    asked.answer(error);
  }
}
