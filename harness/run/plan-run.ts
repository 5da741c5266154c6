import type { Checker, CheckerConfig, CheckResult } from "../check/checker.ts";
import type { Census } from "../history/census.ts";
import type { FileSystems } from "../files/file-system.ts";
import type { Failure, FaultRecord, OracleRecord, RecoveryTimes, PairContents } from "../history/run-record.ts";
import type { Plan } from "../plan/plan.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import type { RunWorld, WorldListener } from "../world/run-world.ts";
import { contentDigest } from "../world/sim/disk/index.ts";
import { HostAccessError } from "../world/sim/guards.ts";
import { Attendance } from "./attendance.ts";
import { Captures } from "./captures.ts";
import { checkerConfig } from "./checker-config.ts";
import { takeCensus } from "./census.ts";
import { ConditionWatch } from "./condition-watch.ts";
import { converge } from "./converge.ts";
import { FaultLedger } from "./fault-ledger.ts";
import { Host } from "./host.ts";
import type { ImagePiece } from "./image-reader.ts";
import { Interpreter } from "./interpreter.ts";
import { Marks } from "./marks.ts";
import { Measures } from "./measures.ts";
import type { CaptureContext, RunOracle } from "./run-oracle.ts";
import type { RunObserver } from "./run-observer.ts";
import { RecoveryWatch } from "./recovery-watch.ts";
import { readImages } from "./read-images.ts";
import { unmetExpectation } from "./unmet-expectation.ts";
import { WaitingList } from "./waiting-list.ts";

export interface PlanRunParts<W extends RunWorld, C extends Checker> {
  readonly makeWorld: (listener: WorldListener) => W;
  readonly makeChecker: (config: CheckerConfig) => C;
  /** Every trace that the plan names. */
  readonly traces: ReadonlyMap<string, LoadedTrace>;
  readonly oracles: ReadonlyMap<string, RunOracle>;
  /** For plans that deal with files. */
  readonly fileSystems: FileSystems | undefined;
  /** Count what a crash can fall upon. */
  readonly census: boolean;
  /** Measure how long it takes until all is well again; not without. */
  readonly recovery?: boolean;
  /** Tell what both ends of each mirror hold at the end; not without. */
  readonly contents?: boolean;
  /** Looks on; nobody does without. */
  readonly observer?: RunObserver;
  /** Calls what may use the machine's clock and files, for outside judges. */
  readonly outside: <T>(body: () => T) => T;
  /** Settles when the checker knows disks and systems as they are now; it does if there is nothing to wait for. */
  readonly look: () => Promise<void> | undefined;
  /** Nothing is to happen any more: a program gave up. */
  readonly stop: () => void;
}

/** What an execution of a plan gave; plain data, so that the world of the run can be forgotten. */
export interface PlanOutcome {
  readonly check: CheckResult;
  /** Beside those of the invariants. */
  readonly failures: readonly Failure[];
  /** What would be failures without the plan's `mayRefuse`. */
  readonly tolerated: readonly string[];
  /** Expectations that could not be judged in this world, and why. */
  readonly unjudged: readonly string[];
  /** If it was asked for. */
  readonly census: Census | undefined;
  /** If it was asked for. */
  readonly recovery: RecoveryTimes | undefined;
  /** If it was asked for, and the run came to its end. */
  readonly contents: readonly PairContents[] | undefined;
  readonly faults: readonly FaultRecord[];
  /** What faults struck, by their kind. */
  readonly struck: ReadonlyMap<string, readonly string[]>;
  /** Settles when the outside judges are done. */
  readonly oracles: Promise<OracleRecord[]>;
}

/**
 * One execution of a plan: its hosts and administrators, its faults, its checker. Knows worlds only as
 * {@link RunWorld}; whoever makes it drives that world's time.
 */
export class PlanRun<W extends RunWorld = RunWorld, C extends Checker = Checker> {
  readonly #plan: Plan;
  readonly #parts: PlanRunParts<W, C>;
  readonly world: W;
  /** To be told what becomes of the world. */
  readonly listener: WorldListener;
  readonly checker: C;
  readonly #hosts = new Map<string, Host>();
  readonly #watch: ConditionWatch;
  readonly #marks: Marks;
  readonly #measures: Measures;
  readonly #recovery: RecoveryWatch | undefined;
  readonly #ledger: FaultLedger;
  readonly #captures: Captures;
  readonly #interpreter: Interpreter;
  readonly #waiting = new WaitingList();
  readonly #failures: Failure[] = [];
  #isBroken = false;
  readonly #tolerated: string[] = [];
  #census: () => Census | undefined = () => undefined;
  #contents: readonly PairContents[] | undefined;
  readonly #attendance: Attendance | undefined;
  #writeSequence = 0;
  #isGivenUp = false;

  constructor(plan: Plan, parts: PlanRunParts<W, C>) {
    const { traces, oracles, fileSystems, outside, makeChecker } = parts;
    this.#plan = plan;
    this.#parts = parts;
    this.listener = this.#listener();
    this.world = parts.makeWorld(this.listener);
    const { topology } = plan;
    const host = (volume: string): Host => this.#host(volume);
    this.#watch = new ConditionWatch(this.world, host);
    this.#ledger = new FaultLedger(
      this.world,
      plan.steps,
      (fault) => {
        parts.observer?.healed?.(fault);
        this.#recovery?.healed(fault);
      },
      () => this.#recovery?.mirrorState(),
    );
    this.checker = makeChecker(checkerConfig(topology, this.world));
    for (const { name: system, volumes } of topology.systems) {
      for (const { name } of volumes) {
        const key = `${system}/${name}`;
        this.world.onChange(name, (change) => this.checker.diskChanged(key, change));
      }
    }
    this.#captures = new Captures(plan, this.world, oracles, outside, (volume) => this.#traceAt(volume));
    this.#marks = new Marks(this.world, topology);
    this.#measures = new Measures(plan, this.world);
    this.#recovery = parts.recovery === true ? new RecoveryWatch(this.world, topology) : undefined;
    this.#interpreter = new Interpreter({
      plan,
      marks: this.#marks,
      onMark: (marks) => {
        for (const { volume, timeUs } of marks) this.checker.mark(this.#keyOf(volume), timeUs);
      },
      onImagePiece: (piece) => this.#imageRead(piece),
      world: this.world,
      checker: this.checker,
      watch: this.#watch,
      ledger: this.#ledger,
      waiting: this.#waiting,
      host,
      traces,
      fileSystems,
      onStruck: (fault, label) => {
        if (fault.kind === "cut") this.#captures.cut();
        this.#recovery?.struck(fault);
        parts.observer?.struck(fault, label);
      },
      onTargetFault: (system, error) => this.#targetFailed(system, error),
      onTakeover: (pair, givenNs) => this.#takenOver(pair, givenNs),
      onUnexpected: (message) => this.#unexpected(message),
      onUnsteady: (message) => this.#unsteady(message),
      look: parts.look,
    });
    if (plan.attended === true) this.#attendance = this.#attended();
  }

  #attended(): Attendance {
    const { word } = this.#interpreter;
    return new Attendance({
      world: this.world,
      topology: this.#plan.topology,
      ledger: this.#ledger,
      waiting: this.#waiting,
      word,
      hostProgress: () =>
        [...this.#hosts.values()].reduce((sum, host) => sum + host.issuedWrites + host.acknowledgedWrites, 0),
      give: (step) => this.#interpreter.give(step),
      onAttended: (message) => this.#unexpected(message),
    });
  }

  /** What came of it; `check` is the last word of the checker. */
  outcome(check: CheckResult): PlanOutcome {
    return {
      check,
      failures: this.#failures,
      tolerated: this.#tolerated,
      unjudged: this.#measures.unjudged,
      census: this.#census(),
      recovery: this.#recovery?.times(),
      contents: this.#contents,
      faults: this.#ledger.records(),
      struck: this.#ledger.struck(),
      oracles: this.#captures.records(),
    };
  }

  /** True if something is wrong already; more may be found at the end. */
  get hasFailed(): boolean {
    return this.#failures.length > 0 || this.checker.soFar().failures.length > 0;
  }

  /** The steps that are still taken are taken in a world that comes to its end: how they end says nothing. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** Nothing goes on, and the plan has not come to its end. */
  stuck(why: string): void {
    this.checker.live(false, `${why}, and it waits for ${this.#waiting.describe()}`);
  }

  /** An exception that ended the run: forbidden access to the host, or a mistake of ours. */
  broke(error: unknown): void {
    if (error instanceof HostAccessError) this.#fail("determinism", error.message);
    else if (isOfEngine(error)) this.#fail("target", textOf(error));
    else {
      this.#fail("harness", textOf(error));
      this.#isBroken = true;
    }
  }

  /** Starts the systems, takes the steps, and looks at what is expected at the end. */
  async main(): Promise<void> {
    await this.#waiting.during("the systems to start", this.world.start());
    if (this.#parts.census) this.#census = takeCensus(this.#plan, this.world);
    this.#parts.observer?.begin(this.world);
    const unattended = this.#attendance?.begin();
    await this.#interpreter.sequence(this.#plan.steps, "steps");
    unattended?.();
    this.checker.checkpoint();
    await this.#parts.look();
    const { expect } = this.#plan;
    await this.#readImages();
    for (const expectation of expect) if (expectation.kind === "converged") await this.#converge(expectation.withinMs);
    for (const [index, expectation] of expect.entries()) {
      const why = unmetExpectation(expectation, { world: this.world, watch: this.#watch, marks: this.#marks });
      if (why !== "") this.#fail("expectation", `expect[${index}]: ${why}`);
    }
    for (const [index, expectation] of expect.entries()) {
      if (expectation.kind !== "files-hold") continue;
      const missing = await this.#interpreter.files.missing(expectation);
      if (missing !== "") this.#fail("expectation", `expect[${index}]: the files of ${expectation.volume}: ${missing}`);
    }
    for (const failure of this.#measures.failures()) this.#fail("expectation", failure);
    await this.#readImages();
    await this.#parts.look();
    this.#captures.end();
    if (this.#parts.contents === true) this.#contents = this.#contentsNow();
  }

  #contentsNow(): PairContents[] {
    const hashOf = (volume: string): string => contentDigest(this.world.view(volume));
    return this.#plan.topology.pairs.map(({ name, primary, secondary }) => {
      return { pair: name, primary: hashOf(primary), secondary: hashOf(secondary) };
    });
  }

  /** Every image that is there, for the model to judge; not while a disk may never answer. */
  async #readImages(): Promise<void> {
    if (this.#ledger.anyDiskFault) return;
    const reading = readImages(this.#plan.topology, this.world, (piece) => this.#imageRead(piece));
    const failure = await this.#waiting.during("the images to be read", reading);
    if (failure !== "") this.#fail("expectation", failure);
  }

  #imageRead({ volume, ...piece }: ImagePiece): void {
    this.checker.imageRead({ ...piece, volume: this.#keyOf(volume) });
  }

  #keyOf(volume: string): string {
    return `${this.world.systemOfVolume(volume).name}/${volume}`;
  }

  async #converge(withinMs: number): Promise<void> {
    this.#ledger.healAll();
    for (const system of this.world.systems) {
      system.resume();
      await this.#waiting.during(`system ${system.name} to start`, system.restart(), system.name);
    }
    this.checker.checkpoint();
    const { word } = this.#interpreter;
    const pairs = [...word.created].map((name) => ({ name, mayBeSplit: this.#isLocal(name) && word.mayBeSplit(name) }));
    if (!word.isAnyCreated && !(this.#plan.mayRefuse === true && word.isCreationPrevented)) {
      this.#fail("expectation", "converged: no pair was created, so there is nothing to converge");
      return;
    }
    const converging = converge(this.world, pairs, withinMs, () => this.#attendance?.bringTogether());
    const missing = await this.#waiting.during("convergence", converging);
    if (missing === "") this.checker.quiet();
    await this.#parts.look();
    this.checker.live(missing === "", missing === "" ? "" : `not converged within ${withinMs} ms: ${missing}`);
  }

  #isLocal(pair: string): boolean {
    return this.#plan.topology.pairs.some(({ name, link }) => name === pair && link === undefined);
  }

  #listener(): WorldListener {
    return {
      systemDown: (system, kind) => {
        this.checker.systemDown(system, kind);
        this.#measures.systemDown(system);
      },
      systemUp: (system) => this.checker.systemUp(system),
      linkCut: (link) => this.checker.linkCut(link),
      linkHealed: (link) => this.checker.linkHealed(link),
      step: (system, step) => {
        this.checker.observe();
        this.#measures.step(system, step);
        this.#recovery?.look();
        this.#parts.observer?.step(system, step.name);
        this.#watch.step(system, step.name, String(step.fields["volume"] ?? ""));
      },
      targetFailed: (system, error) => this.#targetFailed(system, error),
    };
  }

  #targetFailed(system: string, error: unknown): void {
    // The guards have told the scheduler already.
    if (error instanceof HostAccessError || this.#isGivenUp) return;
    this.#fail("target", `system ${system}: ${textOf(error)}`);
    this.#parts.stop();
  }

  /** What it lost: of an exact checker now; else as soon as the disks were looked at, before the plan goes on. */
  #takenOver(pair: string, givenNs: number): Promise<void> | undefined {
    const measure = this.#recovery?.takenOver(pair, givenNs);
    if (measure === undefined) return undefined;
    const until = this.checker.moment();
    const told = (): void => measure(this.checker.lost(pair, until));
    const looking = this.#parts.look();
    if (looking !== undefined) return looking.then(told);
    told();
    return undefined;
  }

  #host(volume: string): Host {
    let host = this.#hosts.get(volume);
    if (host === undefined) {
      const system = this.world.systemOfVolume(volume);
      const all = this.#plan.topology.systems.flatMap(({ volumes }) => volumes);
      const config = all.find(({ name }) => name === volume);
      if (config === undefined) throw new Error(`no volume ${volume} in the topology`);
      host = new Host({
        station: this.world.host(volume),
        checker: this.checker,
        system,
        volume,
        sizeBytes: config.sizeBytes,
        trackBytes: config.trackBytes,
        onTargetFault: (error) => this.#targetFailed(system.name, error),
        onRequest: (isWrite) => this.#recovery?.requested(volume, isWrite),
        onIssued: (offsetBytes, lengthBytes) => this.#measures.hostWrite(volume, offsetBytes, lengthBytes),
        nextSequence: () => ++this.#writeSequence,
      });
      this.#hosts.set(volume, host);
    }
    return host;
  }

  /** How much of a trace the content of `volume` surely holds now. */
  #traceAt(volume: string): CaptureContext["trace"] {
    const own = this.#interpreter.replayOf(volume);
    if (own !== undefined) return { name: own.name, entriesMin: own.acknowledged };
    for (const { primary, secondary } of this.#plan.topology.pairs) {
      if (primary !== volume && secondary !== volume) continue;
      const replay = this.#interpreter.replayOf(primary === volume ? secondary : primary);
      if (replay !== undefined) return { name: replay.name, entriesMin: replay.mirrored };
    }
    return undefined;
  }

  #unsteady(message: string): void {
    if (!this.#isGivenUp) this.#fail("expectation", message);
  }

  /** A refusal, or a wait that was too long. */
  #unexpected(message: string): void {
    if (this.#isGivenUp) return;
    if (this.#plan.mayRefuse === true) this.#tolerated.push(message);
    else this.#fail("expectation", message);
  }

  #fail(rule: Failure["rule"], message: string): void {
    // What hosts and administrators meet in a world that is being taken away is not the engine's fault.
    if (this.#isBroken) return;
    this.#failures.push({ rule, message, timeNs: this.world.nowNs(), blame: [] });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Thrown by the engine in a callback of its own, as the first line of the stack tells. */
function isOfEngine(error: unknown): boolean {
  const frame =
    error instanceof Error ? error.stack?.split("\n").find((line) => line.startsWith("    at ")) : undefined;
  return frame?.includes("/engine/") === true;
}
