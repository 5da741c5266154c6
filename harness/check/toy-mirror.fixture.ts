import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { AdminCommand, PairReport } from "../target/target.ts";
import type { CrashKind } from "../world/world.ts";
import { onePair, Stage, STAGE_TRACK_BYTES, sectors } from "./stage.fixture.ts";

const SECTOR_COUNT = 32;
const TRACK_SECTORS = STAGE_TRACK_BYTES / SECTOR_BYTES;

export type System = "a" | "b";
const SYSTEMS = ["a", "b"] as const;
const VOLUMES = { a: "a/pvol", b: "b/svol" } as const;
const peerOf = (system: System): System => (system === "a" ? "b" : "a");

/** Mistakes that real mirrors made; each should break an invariant. */
export type ToyBug =
  | "clears pending at the acknowledgement"
  | "leaves one frame out"
  | "sends the newest first"
  | "resolves divergence by itself"
  | "acknowledges a flush without flushing"
  | "writes to the wrong place"
  | "calls itself DUPLEX too early"
  | "replays an unanswered write late";

type Frame = { readonly sector: number; readonly data: Uint8Array } | "flush";

/**
 * A mirror that does right, small enough to see that it does: one pair, everything at once, what
 * takes time in the world (frames, copies) in steps that a test asks for.
 */
export class ToyMirror {
  readonly stage: Stage;
  readonly #mode: "sync" | "async";
  readonly #bug: ToyBug | undefined;
  readonly #durable = {
    a: new Uint8Array(SECTOR_COUNT * SECTOR_BYTES),
    b: new Uint8Array(SECTOR_COUNT * SECTOR_BYTES),
  };
  #queue: Frame[] = [];
  #linked = true;
  #operatorSplit = false;
  #tag = 0;
  /** Tracks still to copy, and the side that they come from, while COPY. */
  #toCopy = new Set<number>();
  #source: System = "a";
  /** The side that took over, and whether the other went on acknowledging. */
  #taker: System | undefined;
  #diverged = false;
  /** Who acknowledged writes while it was suspended. */
  readonly #wroteAlone = new Set<System>();
  #unanswered: { system: System; sector: number; data: Uint8Array } | undefined;

  constructor(mode: "sync" | "async", bug?: ToyBug) {
    this.stage = new Stage(onePair(mode), SECTOR_COUNT);
    this.#mode = mode;
    this.#bug = bug;
  }

  report(system: System): PairReport {
    return this.stage.reports.get(`${system} pair`) as PairReport;
  }

  #set(system: System, change: Partial<PairReport>): void {
    this.stage.report(system, "pair", change);
  }

  #pending(system: System): Set<number> {
    return this.stage.pending.get(`${system} pair`) as Set<number>;
  }

  #up(system: System): boolean {
    return !this.stage.down.has(system);
  }

  get #joined(): boolean {
    return this.#linked && this.#up("a") && this.#up("b");
  }

  #isDuplex(): boolean {
    return this.#joined && SYSTEMS.every((system) => this.report(system).status === "DUPLEX");
  }

  #serves(system: System): boolean {
    const { role, consistent, status, suspension } = this.report(system);
    if (!consistent) return false;
    return role === "primary" || (status === "SPLIT" && suspension === "operator");
  }

  write(system: System, sector: number, count: number): void {
    if (!this.#up(system)) return;
    const data = sectors(++this.#tag, count);
    const operation = this.stage.issue(VOLUMES[system], sector, data);
    if (!this.#serves(system)) return this.stage.checker.failed(operation, "REFUSED");
    this.#noteAlone(system);
    this.#intend(system, sector, count);
    this.stage.put(VOLUMES[system], sector, data);
    if (this.#isDuplex()) this.#send(system, sector, data);
    if (this.#bug === "clears pending at the acknowledgement") this.#pending(system).clear();
    this.stage.checker.acknowledged(operation);
  }

  /** What is promised while suspended makes a history of its own. */
  #noteAlone(system: System): void {
    if (this.#taker === peerOf(system)) this.#diverged = true;
    if (this.report(system).status === "SPLIT") this.#wroteAlone.add(system);
  }

  /** A write during which its system crashes: `here` of its sectors reached the disk, `there` the other one. */
  writeCutOff(system: System, sector: number, count: number, here: number, there: number, kind: CrashKind): void {
    if (!this.#up(system) || !this.#serves(system)) return;
    const data = sectors(++this.#tag, count);
    const operation = this.stage.issue(VOLUMES[system], sector, data);
    this.#intend(system, sector, count);
    if (here > 0) this.stage.put(VOLUMES[system], sector, data.subarray(0, here * SECTOR_BYTES));
    if (there > 0 && this.#isDuplex() && this.#mode === "sync") {
      this.stage.put(VOLUMES[peerOf(system)], sector, data.subarray(0, there * SECTOR_BYTES));
    }
    this.crash(system, kind);
    this.stage.checker.failed(operation, "GONE");
    this.#unanswered = { system, sector, data };
  }

  #intend(system: System, sector: number, count: number): void {
    for (let at = sector; at < sector + count; at++) {
      const track = Math.floor(at / TRACK_SECTORS);
      this.#pending(system).add(track);
      if (this.report(system).status === "COPY") this.#toCopy.add(track);
    }
  }

  #send(system: System, sector: number, data: Uint8Array): void {
    const wrong = this.#bug === "writes to the wrong place" && this.#tag % 4 === 0;
    const frame = { sector: wrong ? SECTOR_COUNT - data.length / SECTOR_BYTES : sector, data };
    if (this.#bug === "leaves one frame out" && this.#tag % 4 === 0) return;
    if (this.#mode === "sync") this.stage.put(VOLUMES[peerOf(system)], frame.sector, data);
    else if (this.#bug === "sends the newest first") this.#queue.unshift(frame);
    else this.#queue.push(frame);
  }

  /** Up to `count` frames arrive. */
  deliver(count: number): void {
    const target = SYSTEMS.find((system) => this.report(system).role === "secondary");
    if (!this.#isDuplex() || target === undefined) return;
    for (const frame of this.#queue.splice(0, count)) {
      if (frame === "flush") this.#flushDisk(target);
      else this.stage.put(VOLUMES[target], frame.sector, frame.data);
    }
  }

  #flushDisk(system: System): void {
    this.#durable[system].set(this.stage.content(VOLUMES[system], 0, SECTOR_COUNT));
  }

  flush(system: System): void {
    if (!this.#up(system) || !this.#serves(system)) return;
    const operation = this.stage.checker.flush({ host: "h1", volume: VOLUMES[system] });
    if (this.#bug !== "acknowledges a flush without flushing") {
      this.#flushDisk(system);
      if (this.#isDuplex()) {
        if (this.#mode === "sync") this.#flushDisk(peerOf(system));
        else this.#queue.push("flush");
      }
    }
    // A promise that the other side has no part in, whatever it holds volatile.
    this.#noteAlone(system);
    this.stage.checker.acknowledged(operation);
  }

  trim(system: System, sector: number, count: number): void {
    if (!this.#up(system) || !this.#serves(system) || this.#taker === peerOf(system)) return;
    const range = {
      host: "h1",
      volume: VOLUMES[system],
      offsetBytes: sector * SECTOR_BYTES,
      lengthBytes: count * SECTOR_BYTES,
    };
    const operation = this.stage.checker.trim(range);
    const zeros = new Uint8Array(range.lengthBytes);
    this.#intend(system, sector, count);
    this.stage.put(VOLUMES[system], sector, zeros, "trim");
    if (this.#isDuplex()) this.#send(system, sector, zeros);
    this.stage.checker.acknowledged(operation);
  }

  read(system: System, sector: number, count: number): void {
    if (this.#up(system) && this.#serves(system)) {
      this.stage.read(VOLUMES[system], sector, this.stage.content(VOLUMES[system], sector, count));
    }
    const late = this.#unanswered;
    if (this.#bug !== "replays an unanswered write late" || late?.system !== system || !this.#up(system)) return;
    // It waits until a host has looked, or nobody could tell.
    if (late.sector >= sector + count || sector >= late.sector + late.data.length / SECTOR_BYTES) return;
    this.#unanswered = undefined;
    this.#intend(late.system, late.sector, late.data.length / SECTOR_BYTES);
    this.stage.put(VOLUMES[late.system], late.sector, late.data);
  }

  /** Everything sent is durable on both sides: only now bits go. */
  settle(): void {
    if (!this.#isDuplex()) return;
    this.deliver(Number.POSITIVE_INFINITY);
    for (const system of SYSTEMS) this.#flushDisk(system);
    for (const system of SYSTEMS) this.#pending(system).clear();
    this.stage.checker.observe();
  }

  cut(): void {
    if (!this.#linked) return;
    this.stage.checker.linkCut("link");
    this.#linked = false;
    this.#part();
  }

  heal(): void {
    if (this.#linked) return;
    this.#linked = true;
    this.stage.checker.linkHealed("link");
    this.#join();
  }

  /** The connection is gone: each side that is there suspends by itself. */
  #part(): void {
    this.#queue = [];
    for (const system of SYSTEMS) {
      const { status } = this.report(system);
      if (this.#up(system) && status !== "SPLIT") this.#set(system, { status: "SPLIT", suspension: "link" });
    }
  }

  crash(system: System, kind: CrashKind): void {
    if (!this.#up(system)) return;
    this.stage.checker.systemDown(system, kind);
    this.stage.down.add(system);
    this.#part();
    if (kind === "power") this.#losePower(system);
  }

  #losePower(system: System): void {
    const volume = VOLUMES[system];
    const runs: [number, Uint8Array][] = [];
    for (let sector = 0; sector < SECTOR_COUNT; sector++) {
      const kept = (Math.imul(sector + 1, 0x9e3779b1) ^ Math.imul(this.#tag + 1, 0x85ebca6b)) & 0x1000;
      const old = this.#durable[system].subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
      if (kept === 0) runs.push([sector, old.slice()]);
    }
    for (const [sector, old] of runs) this.stage.put(volume, sector, old, "power-loss");
    this.#flushDisk(system);
  }

  restart(system: System): void {
    if (this.#up(system)) return;
    this.stage.down.delete(system);
    if (this.#operatorSplit) this.#set(system, { status: "SPLIT", suspension: "operator" });
    else this.#set(system, { status: "SPLIT", suspension: "crash" });
    this.stage.checker.systemUp(system);
    this.#join();
  }

  #join(): void {
    if (!this.#joined || this.#operatorSplit || this.report("a").status !== "SPLIT") return;
    if (this.#taker !== undefined) {
      if (this.#diverged && this.#bug !== "resolves divergence by itself") {
        for (const system of SYSTEMS) this.#set(system, { suspension: "diverged" });
        return;
      }
      this.#set(peerOf(this.#taker), { role: "secondary" });
    }
    const primary = this.report("a").role === "primary" ? "a" : "b";
    this.#startCopy(this.report(primary).consistent ? primary : peerOf(primary));
  }

  #startCopy(source: System): void {
    this.#taker = undefined;
    this.#diverged = false;
    this.#wroteAlone.clear();
    this.#operatorSplit = false;
    this.#source = source;
    this.#toCopy = new Set([...this.#pending("a"), ...this.#pending("b")]);
    this.#set(peerOf(source), { status: "COPY", consistent: false, suspension: "" });
    this.#set(source, { status: "COPY", suspension: "" });
  }

  /** Up to `count` tracks are copied; after the last the pair is DUPLEX. */
  copy(count: number): void {
    if (!this.#joined || this.report("a").status !== "COPY") return;
    const target = peerOf(this.#source);
    for (const track of [...this.#toCopy].slice(0, count)) {
      const first = track * TRACK_SECTORS;
      this.stage.put(VOLUMES[target], first, this.stage.content(VOLUMES[this.#source], first, TRACK_SECTORS));
      this.#toCopy.delete(track);
      if (this.#bug === "calls itself DUPLEX too early") this.#toCopy.clear();
    }
    if (this.#toCopy.size > 0) return;
    for (const system of SYSTEMS) this.#flushDisk(system);
    for (const system of SYSTEMS) this.#pending(system).clear();
    for (const system of SYSTEMS) this.#set(system, { status: "DUPLEX", consistent: true, suspension: "" });
  }

  #command(system: System, command: AdminCommand, allowed: boolean, act: () => void): void {
    const number = this.stage.checker.adminIssued(system, command);
    if (!allowed) return this.stage.checker.adminRefused(number);
    act();
    this.stage.checker.adminDone(number);
  }

  split(at: System): void {
    this.#command(at, { kind: "split", pair: "pair", secondary: "read-write" }, this.#isDuplex(), () => {
      this.deliver(Number.POSITIVE_INFINITY);
      this.#operatorSplit = true;
      for (const system of SYSTEMS) this.#set(system, { status: "SPLIT", suspension: "operator" });
    });
  }

  resync(at: System, direction?: "forward" | "reverse"): void {
    if (!this.#up(at)) return;
    const command: AdminCommand = { kind: "resync", pair: "pair", ...(direction && { direction }) };
    const suspended = this.#joined && this.report(at).status === "SPLIT";
    const split = this.#operatorSplit;
    this.#command(at, command, suspended && (split || (this.#diverged && direction !== undefined)), () => {
      const primary = split && this.report(at).role === "secondary" ? peerOf(at) : at;
      const source = (direction ?? "forward") === "forward" ? primary : peerOf(primary);
      if (!split) this.#set(peerOf(source), { role: "secondary" });
      this.#startCopy(source);
    });
  }

  takeover(at: System): void {
    if (!this.#up(at)) return;
    const { role, consistent } = this.report(at);
    const allowed = role === "secondary" && consistent && !this.#joined && !this.#operatorSplit;
    this.#command(at, { kind: "takeover", pair: "pair" }, allowed, () => {
      this.#taker = at;
      this.#diverged = this.#wroteAlone.has(peerOf(at));
      this.#set(at, { role: "primary", suspension: "takeover" });
    });
  }

  failback(at: System): void {
    if (!this.#up(at)) return;
    this.#command(at, { kind: "failback", pair: "pair" }, this.#isDuplex(), () => {
      this.settle();
      const old = SYSTEMS.find((system) => this.report(system).role === "primary");
      // The old primary gives up first.
      for (const system of SYSTEMS.toSorted((one) => (one === old ? -1 : 1)))
        this.#set(system, { role: system === old ? "secondary" : "primary" });
    });
  }

  /** Heals everything, lets an operator decide what is open, and copies what is left. */
  comeToRest(): void {
    this.heal();
    for (const system of SYSTEMS) this.restart(system);
    this.resync("a", "forward");
    this.copy(Number.POSITIVE_INFINITY);
    this.settle();
    this.stage.checker.live(this.#isDuplex(), "the toy mirror");
    this.stage.checker.quiet();
  }
}
