import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import { backupConnection, completeBackup, decodeBackup, encodeBackup } from "../mirror/backup.ts";
import type { Journal } from "../journal/journal.ts";
import { offerMoment } from "../journal/together.ts";
import type { Connection } from "../mirror/connection.ts";
import type { Image } from "../image/image.ts";
import { illegalTransition } from "../mirror/illegal-transition.ts";
import type { LocalPair } from "../mirror/local-pair.ts";
import { splitMirrors } from "../mirror/local-split.ts";
import type { Pair } from "../mirror/pair.ts";
import { chooseResync, splitPair, swapRoles, takeOver } from "../mirror/pair-commands.ts";
import { NS_PER_MS } from "../ports/index.ts";
import type { Runtime } from "../runtime.ts";
import type { CopyIn } from "../restore/copy-in.ts";
import { restoreOf } from "../restore/restore.ts";
import { Tasks } from "../tasks.ts";
import type { Volume } from "../volume/volume.ts";
import type { ChangeNumber } from "../volume/update.ts";
import type { Frame } from "../wire/frame.ts";
import { type Command, COMMAND_BYTES_MAX, type CommandOf, encodeCommand, subjectOf } from "./command.ts";
import { CommandRelay } from "./command-relay.ts";
import type { SystemConfig, SystemPorts } from "./config.ts";
import { FrontEndDevice } from "./front-end.ts";
import { Interconnect } from "./interconnect.ts";
import { PairProtocol } from "./pair-protocol.ts";
import { PairRemoval } from "./pair-removal.ts";
import type { LinkReport } from "./reports.ts";
import { SharedMemory } from "./shared-memory.ts";

/** After a start the primary lets hosts wait this long for word of a takeover. */
const PEER_WAIT_NS = 1_000 * NS_PER_MS;
/** A command that needs the other end waits this long for a link that is just coming up. */
const LINK_WAIT_NS = 3_000 * NS_PER_MS;

/** Commands to one mirror, remote or local. */
type PairCommand = CommandOf<"split" | "resync" | "takeover" | "failback" | "restore">;

/** A storage system: front-end, shared control memory and interconnects put together. */
export class StorageSystem {
  readonly #config: SystemConfig;
  readonly #runtime: Runtime;
  readonly #memory: SharedMemory;
  readonly #protocol: PairProtocol;
  readonly #interconnects = new Map<string, Interconnect>();
  readonly #relay: CommandRelay;
  readonly #removal: PairRemoval;

  private constructor(config: SystemConfig, ports: SystemPorts, runtime: Runtime, memory: SharedMemory) {
    this.#config = config;
    this.#runtime = runtime;
    this.#memory = memory;
    this.#protocol = new PairProtocol(memory, runtime);
    this.#relay = new CommandRelay(runtime, (command) => this.#carryOut(command));
    this.#removal = new PairRemoval(memory, {
      ask: (pair, command) => this.#relay.ask(pair.connection, command),
      applied: async (pair) => this.#interconnects.get(pair.entry.link)?.applied(),
      heard: (pair) => this.#protocol.whenHeard(pair, LINK_WAIT_NS),
      stays: (pair) => this.#protocol.reconcile(pair),
    });
    for (const link of config.links) {
      const interconnect = new Interconnect(link, ports.links, runtime, {
        system: config.name,
        bootCount: memory.table.bootCount,
        pairs: () => memory.pairsOn(link.name),
        pair: (id) => memory.pairById(id),
        onUp: (connection) => this.#protocol.onUp(link.name, connection),
        onDown: (connection) => this.#onDown(connection),
        onBackup: (connection, frame) => this.#onBackup(connection, frame),
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

  /**
   * Has what was written become durable at both ends, so that a start has nothing to copy, and ends the sessions;
   * settles when all that was received is applied, and where the pairs stand is durable. Nothing depends on it: a
   * crash loses nothing either. Let hosts go first.
   */
  async stop(): Promise<void> {
    await Promise.all(this.#memory.volumes().map((volume) => volume.settle()));
    await Promise.all([...this.#interconnects.values()].map((interconnect) => interconnect.stop()));
    await this.#memory.table.persist();
    this.#runtime.log.step("system.stopped", { system: this.name });
  }

  get name(): string {
    return this.#config.name;
  }

  /** Starts of this system, this one included. */
  get bootCount(): number {
    return this.#memory.table.bootCount;
  }

  volumes(): readonly Volume[] {
    return this.#memory.volumes();
  }

  links(): readonly LinkReport[] {
    return [...this.#interconnects.values()].map(({ config: { name, peer, role }, connection, traffic }) => {
      const { sentBytes, receivedBytes } = traffic;
      return { link: name, peer, role, up: connection !== undefined, sentBytes, receivedBytes };
    });
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

  localPairs(): readonly LocalPair[] {
    return this.#memory.locals.all();
  }

  localPair(name: string): LocalPair | undefined {
    return this.#memory.locals.get(name);
  }

  journals(): readonly Journal[] {
    return this.#memory.journals.all();
  }

  /** Restores, recoveries and rollbacks that run, each from the moment that it is accepted. */
  restores(): readonly CopyIn[] {
    return this.#memory.volumes().flatMap((volume) => restoreOf(volume) ?? []);
  }

  /** The images that are configured here. */
  images(): readonly Image[] {
    return this.#memory.images();
  }

  /** What a volume's image holds, for reading only. @throws EngineError VOLUME_UNKNOWN, NO_IMAGE */
  image(volume: string): Image {
    const image = this.#memory.image(volume);
    image.requireFixed();
    return image;
  }

  /**
   * Carries out a command, or has the system do it that can: the other end of the pair, or one that has
   * what is unknown here (BR-12). @throws EngineError: refused, nothing changed
   */
  async execute(command: Command): Promise<void> {
    const { name: system } = this.#config;
    this.#runtime.log.step("command", { system, kind: command.kind, pair: subjectOf(command) });
    const bytes = encodeCommand(0, command).length;
    if (bytes > COMMAND_BYTES_MAX)
      throw new EngineError("COMMAND_TOO_LARGE", { command: command.kind, bytes, bytesMax: COMMAND_BYTES_MAX });
    const unknown = this.#lacks(command);
    if (unknown !== undefined) {
      const connections = [...this.#interconnects.values()].flatMap(({ connection }) => connection ?? []);
      return this.#relay.passOn(connections, command, unknown);
    }
    const pair = this.#primaryElsewhere(command);
    if (pair === undefined) return this.#carryOut(command);
    await this.#relay.ask(pair.connection, command);
    this.#protocol.reconcile(pair);
  }

  /** What the command is about and this system does not have; `undefined` if it has it. */
  #lacks(command: Command): EngineError | undefined {
    const memory = this.#memory;
    if (command.kind === "recover-group") {
      const { group } = command;
      return memory.journals.ofGroup(group).length === 0 ? new EngineError("GROUP_UNKNOWN", { group }) : undefined;
    }
    if ("volume" in command) {
      const { volume } = command;
      if (command.kind === "recover")
        return memory.journals.get(volume) === undefined ? new EngineError("JOURNAL_UNKNOWN", { volume }) : undefined;
      return memory.hasVolume(volume) ? undefined : new EngineError("VOLUME_UNKNOWN", { volume });
    }
    const known = (name: string): boolean =>
      memory.pairIfKnown(name) !== undefined || memory.locals.get(name) !== undefined;
    const unknown = namesOf(command).find((name) => !known(name));
    return unknown === undefined ? undefined : new EngineError("PAIR_UNKNOWN", { pair: unknown });
  }

  /** The pair whose primary must carry the command out, if that is the other end. */
  #primaryElsewhere(command: Command): Pair | undefined {
    if ("volume" in command || command.kind === "takeover" || command.kind === "delete") return undefined;
    return namesOf(command)
      .flatMap((name) => this.#memory.pairIfKnown(name) ?? [])
      .find(({ entry }) => entry.role === "secondary");
  }

  /** Carries out a command here. @throws EngineError */
  async #carryOut(command: Command): Promise<void> {
    const { locals } = this.#memory;
    switch (command.kind) {
      case "create":
        return this.#create(command);
      case "create-local":
        return locals.create(command);
      case "backup":
        return this.#backup(command);
      case "rollback":
        return this.#rollback(command.volume);
      case "recover":
        return this.#recover(command);
      case "recover-group":
        return this.#memory.journals.recoverGroup(command, this.#memory.pairs(), this.#offer);
      case "forget":
        return this.#removal.forget(command);
      case "delete":
        return this.#delete(command);
      case "offer-moment":
        return offerMoment(this.#memory.journals.required(this.#memory.pair(command.pair).volume.name), command);
      default: {
        const local = locals.get(command.pair);
        if (local !== undefined) return this.#carryOutLocally(local, command);
        const pair = this.#memory.pair(command.pair);
        await this.#carryOutRemotely(pair, command);
        this.#protocol.reconcile(pair);
      }
    }
  }

  async #carryOutLocally(pair: LocalPair, command: PairCommand): Promise<void> {
    if (command.kind === "split") await splitMirrors([pair], command.secondary === "read-write", "split");
    else if (command.kind === "resync") await this.#memory.locals.resync(pair, command.direction);
    else if (command.kind === "restore") await this.#memory.locals.restore(pair, command.scope);
    else throw illegalTransition(pair, command.kind, "a pair of two systems");
  }

  async #carryOutRemotely(pair: Pair, command: PairCommand): Promise<void> {
    if (command.kind === "restore") throw new EngineError("NOT_LOCAL", { pair: pair.entry.name, command: "restore" });
    if (command.kind === "split") await splitPair(pair, command.secondary === "read-write");
    else if (command.kind === "failback") await swapRoles(pair);
    else if (command.kind === "takeover") {
      await this.#interconnects.get(pair.entry.link)?.applied();
      await takeOver(pair);
    } else {
      const isNews = pair.peerState === undefined;
      await this.#protocol.whenHeard(pair, LINK_WAIT_NS);
      await chooseResync(pair, command.direction, isNews);
    }
  }

  #delete(command: CommandOf<"delete">): Promise<void> {
    const local = this.#memory.locals.get(command.pair);
    if (local !== undefined) return this.#removal.removeLocal(local);
    return this.#removal.remove(this.#memory.pair(command.pair), command);
  }

  async #rollback(volume: string): Promise<void> {
    const pair = this.#memory.pairOn(this.#memory.volume(volume));
    if (pair?.image === undefined) throw new EngineError("NO_IMAGE", { volume, why: "none is configured" });
    // What a session that is over has brought is older than the command.
    if (pair.connection === undefined) await this.#interconnects.get(pair.entry.link)?.applied();
    await pair.image.rollback();
    this.#protocol.reconcile(pair);
  }

  #recover(command: CommandOf<"recover">): Promise<void> {
    return this.#memory.journals.recover(command, this.#memory.pairs(), this.#offer);
  }

  /** Asks the other end of a mirror whether it can go back to the moment by itself (JR-5). */
  readonly #offer = async (pair: Pair, { journalId, lsn }: ChangeNumber): Promise<boolean> => {
    try {
      await this.#relay.ask(pair.connection, { kind: "offer-moment", pair: pair.entry.name, journalId, lsn });
      return true;
    } catch (error) {
      handled(error, EngineError);
      return false;
    }
  };

  async #create(command: CommandOf<"create">): Promise<void> {
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

  // --- backup (Fig. 4) -------------------------------------------------------------------------

  async #backup(command: CommandOf<"backup">): Promise<void> {
    const mirrors = [...new Set(command.mirrors)];
    const [first, ...others] = [...new Set(command.pairs)].map((name) => this.#memory.pair(name));
    if (first === undefined)
      return splitMirrors(
        mirrors.map((name) => this.#memory.locals.required(name)),
        false,
        "backup",
      );
    const pairs = [first, ...others] as const;
    const connection = backupConnection(pairs);
    const pairIds = pairs.map(({ entry }) => entry.id);
    // In the same step as the command: what hosts write from here on is behind it.
    await this.#relay.send(connection, command, (number) => {
      connection.outbox.send("backup", { pairId: first.entry.id, payload: encodeBackup({ number, pairIds, mirrors }) });
      this.#runtime.log.step("backup.issued", { pairs: command.pairs.join(" "), mirrors: mirrors.join(" ") });
    });
  }

  /** @throws CodecError */
  async #onBackup(connection: Connection, frame: Frame): Promise<void> {
    const { number, pairIds, mirrors } = decodeBackup(frame.payload);
    let refusal: EngineError | undefined;
    try {
      await completeBackup(
        pairIds.flatMap((id) => this.#memory.pairById(id) ?? []),
        mirrors.map((name) => this.#memory.locals.required(name)),
      );
    } catch (error) {
      refusal = handled(error, EngineError);
    }
    this.#relay.answer(connection, number, refusal);
  }

  // --- frames ----------------------------------------------------------------------------------

  #onDown(connection: Connection): void {
    this.#protocol.onDown();
    this.#relay.onDown(connection);
  }

  /** @throws CodecError */
  #onFrame(link: string, connection: Connection, frame: Frame): void {
    if (frame.kind === "command") this.#relay.onCommand(connection, frame);
    else if (frame.kind === "result") this.#relay.onResult(connection, frame);
    else this.#protocol.onFrame(link, connection, frame);
  }
}

/** The mirrors that must be known to the system that carries the command out; others are about a volume. */
function namesOf(command: Exclude<Command, { readonly volume: string }>): readonly string[] {
  if (command.kind === "recover-group") return [];
  if (command.kind !== "backup") return [command.pair];
  return command.pairs.length > 0 ? command.pairs : command.mirrors;
}
