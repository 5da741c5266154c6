import type { BlockBlame, Invariant } from "../history/run-record.ts";
import type { AdminCommand, HostErrorCode } from "../target/target.ts";
import type { DiskChange } from "../world/run-world.ts";
import { SparseBytes } from "../world/sim/disk/index.ts";
import type { CrashKind } from "../world/world.ts";
import { Allocated } from "./allocated.ts";
import {
  type AcknowledgedLoss,
  type Checker,
  type CheckerConfig,
  type CheckResult,
  createChecker,
  type HostRange,
  type HostWrite,
  type ImageRead,
  type LiveSystem,
  type VolumeKey,
} from "./checker.ts";
import { lastRefused } from "./last-refused.ts";
import { SampledWords } from "./sampled-words.ts";

/** A change, with the bytes that the disk held there when it was looked at; `undefined` where nothing was allocated. */
type SampledChange = DiskChange & { readonly volume: VolumeKey; readonly data: Uint8Array | undefined };

/** A look at everything that takes a while. */
export interface Sample {
  /** The disks were looked at: at one moment, all of them. */
  looked(): void;
  /** The systems have been asked, after that, what they say of themselves. */
  judge(): void;
  /** Instead of both: the disks could not be looked at. What waits for a sample waits for the next. */
  abandon(): void;
}

/**
 * A checker for a world that cannot look at everything within each event, but takes *samples*: all disks
 * as of one moment, and what the systems say of themselves a little later.
 *
 * What a host asks is known before it can reach a disk, so requests are told at once. What a host was
 * answered must be judged by disks as they were after the answer: answers wait, with their moment, for the
 * next sample that begins after them. Not judged here: D, which needs the
 * pending tracks of the very moment at which the disks are looked at, and G, which needs to know what the
 * source of a resync held between two samples.
 */
export class SampledChecker implements Checker {
  readonly #config: CheckerConfig;
  readonly #inner: Checker;
  readonly #shadows = new Map<VolumeKey, SparseBytes>();
  /** What waits for a sample, in order. */
  #waiting: ((overwritten: ReadonlySet<VolumeKey>) => void)[] = [];
  /** Changes since the last sample, in order. */
  #changes: (DiskChange & { readonly volume: VolumeKey })[] = [];
  /** By system: what the checker is told. */
  readonly #word = new Map<string, LiveSystem | undefined>();
  readonly #words: SampledWords;
  /** Volumes that were said, since the last look at the disks, to hold no moment of any history. */
  #overwritten = new Set<VolumeKey>();
  #isJudging = false;
  #isCutShort = false;
  /** By operation that is open: its volume. */
  readonly #volumes = new Map<number, VolumeKey>();
  /** The moment of the look before the systems said what they said last. */
  #saidSince = 0;
  /** Mirrors from which a restore was asked for, by command. */
  readonly #restoredFrom = new Map<number, VolumeKey>();
  /** A command was given that exchanges two volumes: a system may do that before it serves. */
  #maySwap = false;
  /** What hosts were told up to this moment was judged, by the disks as they were looked at after it. */
  #judgedUntil = -1;
  /** Disks of which nobody knew, when that was judged, what they hold. */
  #unknown: ReadonlySet<VolumeKey> = new Set();
  /** The sample that was taken and is not judged yet. */
  #open: (() => void) | undefined;

  constructor(config: CheckerConfig) {
    this.#config = config;
    this.#words = new SampledWords(config, () => this.moment());
    this.#inner = createChecker({
      ...config,
      disks: config.disks.map((disk) => {
        const shadow = new SparseBytes(disk.sizeBytes);
        this.#shadows.set(disk.volume, shadow);
        return {
          ...disk,
          peek: (offsetBytes: number, lengthBytes: number) => shadow.peek(offsetBytes, lengthBytes),
          allocatedRanges: () => shadow.allocatedRanges(),
        };
      }),
      // Between samples nobody knows what they would say.
      live: (system) => (this.#isJudging ? this.#word.get(system) : undefined),
      saidSince: () => this.#saidSince,
    });
  }

  /** Looks at everything at one moment: where that can be done. */
  sample(): void {
    const sample = this.begin();
    sample.looked();
    sample.judge();
  }

  /**
   * Begins a sample: what was answered, and what the systems said of themselves, up to now is judged by the disks
   * as they are at some moment after now. A sample that is still open is judged first.
   */
  begin(): Sample {
    this.#open?.();
    this.observe();
    const answers = this.#waiting.length;
    const begunAt = this.moment();
    const said = new Map(this.#words.systems.map((system) => [system, this.#words.now(system)]));
    const since = this.#overwritten;
    this.#overwritten = new Set();
    let contents: readonly SampledChange[] | undefined;
    let lookedAt = 0;
    const looked = (): void => {
      if (contents !== undefined) return;
      contents = this.#contents();
      lookedAt = this.moment();
    };
    const judge = (): void => {
      if (this.#open !== judge) return;
      this.#open = undefined;
      looked();
      // What began after the look at the disks concerns this sample and the next.
      this.observe();
      const overwritten = new Set([...since, ...this.#overwritten]);
      const { exchanged, disks: unknown } = this.#words.unknown(said, this.#maySwap);
      const isLater = ({ volume }: SampledChange): boolean => exchanged || unknown.has(volume);
      this.#changes = [...(contents ?? []).filter(isLater), ...this.#changes];
      // The next sample judges both.
      if (exchanged) {
        this.#overwritten = overwritten;
        return;
      }
      contents = contents?.filter((change) => !isLater(change));
      this.#saidSince = lookedAt;
      for (const { volume, data, offsetBytes, lengthBytes } of contents ?? []) {
        if (data === undefined) this.#shadow(volume).zero(offsetBytes, lengthBytes);
        else this.#shadow(volume).put(offsetBytes, data);
      }
      this.#isJudging = true;
      this.#tell(unknown, (system) => this.#words.before(system, overwritten));
      for (const { volume, data: _data, ...change } of contents ?? []) this.#inner.diskChanged(volume, change);
      this.#tell(unknown, (system) => this.#words.after(system, said.get(system), this.#overwritten));
      this.#tell(unknown, (system) => this.#words.least(system));
      const due = this.#waiting.slice(0, answers);
      this.#waiting = this.#waiting.slice(answers);
      for (const tell of due) tell(overwritten);
      this.#judgedUntil = begunAt;
      this.#unknown = unknown;
      this.#isJudging = false;
    };
    const abandon = (): void => {
      if (this.#open !== judge) return;
      this.#open = undefined;
      // The next sample judges what this one would have, too.
      this.#overwritten = new Set([...since, ...this.#overwritten]);
    };
    this.#open = judge;
    return { looked, judge, abandon };
  }

  /** From now on the systems say this. */
  #tell(unknown: ReadonlySet<VolumeKey>, wordOf: (system: string) => LiveSystem | undefined): void {
    // Of one whose disks nobody knows no word can be believed.
    const isKnown = (system: string): boolean => ![...unknown].some((disk) => disk.startsWith(`${system}/`));
    for (const system of this.#words.systems) this.#word.set(system, isKnown(system) ? wordOf(system) : undefined);
    this.#inner.observe();
  }

  /** What a command, or the name of a moment, is judged by. */
  #atCommand<T>(body: () => T): T {
    for (const system of this.#words.systems) this.#word.set(system, this.#words.atCommand(system));
    this.#isJudging = true;
    try {
      return body();
    } finally {
      this.#isJudging = false;
    }
  }

  /** What changed since the last sample, with the bytes of now. Losses first: a later write may lie over one. */
  #contents(): SampledChange[] {
    const isLoss = ({ reason }: DiskChange): boolean => reason === "power-loss" || reason === "fault";
    // What a restore may bring is known before it is seen.
    const mirrors = new Set(this.#restoredFrom.values());
    const rank = (change: DiskChange & { readonly volume: VolumeKey }): number =>
      isLoss(change) ? 0 : mirrors.has(change.volume) ? 1 : 2;
    const changes = lastRefused(this.#changes).toSorted((one, two) => rank(one) - rank(two));
    this.#changes = [];
    const allocated = new Map<VolumeKey, Allocated>();
    return changes.map((change) => {
      const { volume, offsetBytes, lengthBytes } = change;
      const disk = this.#config.disks.find((one) => one.volume === volume);
      if (disk === undefined) throw new Error(`checker: no disk of ${volume}`);
      const ranges = allocated.get(volume) ?? new Allocated(disk);
      allocated.set(volume, ranges);
      // The first copy of a large volume is zeros for the most part.
      const data = ranges.meets(offsetBytes, lengthBytes) ? disk.peek(offsetBytes, lengthBytes).slice() : undefined;
      return { ...change, data };
    });
  }

  #opened(volume: VolumeKey, operation: number): number {
    this.#volumes.set(operation, volume);
    return operation;
  }

  /**
   * True if the answer can be no measure: another end may have overwritten the volume between it and the look
   * at the disk, or the system is down and took with it what it was bound to when it answered.
   */
  #closed(operation: number, overwritten: ReadonlySet<VolumeKey>): boolean {
    const volume = this.#volumes.get(operation) ?? "";
    this.#volumes.delete(operation);
    return overwritten.has(volume) || this.#config.live(volume.slice(0, volume.indexOf("/"))) === undefined;
  }

  /** The mirror whose content the command brings to its primary, if it does. */
  #mirrorOf(command: AdminCommand): VolumeKey | undefined {
    const isRestore = command.kind === "restore" || (command.kind === "resync" && command.direction === "reverse");
    return isRestore ? this.#config.pairs.find(({ name }) => name === command.pair)?.secondary : undefined;
  }

  #shadow(volume: VolumeKey): SparseBytes {
    const shadow = this.#shadows.get(volume);
    if (shadow === undefined) throw new Error(`checker: no disk of ${volume}`);
    return shadow;
  }

  write(request: HostWrite): number {
    return this.#opened(request.volume, this.#inner.write(request));
  }

  trim(request: HostRange): number {
    return this.#opened(request.volume, this.#inner.trim(request));
  }

  writeZeroes(request: HostRange): number {
    return this.#opened(request.volume, this.#inner.writeZeroes(request));
  }

  flush(request: { readonly host: string; readonly volume: VolumeKey }): number {
    return this.#opened(request.volume, this.#inner.flush(request));
  }

  read(request: HostRange): number {
    return this.#opened(request.volume, this.#inner.read(request));
  }

  moment(): number {
    return this.#inner.moment();
  }

  acknowledged(operation: number): void {
    const at = this.moment();
    this.#waiting.push((overwritten) => {
      if (this.#closed(operation, overwritten)) this.#inner.failed(operation, "GONE", at, true);
      else this.#inner.acknowledged(operation, at);
    });
  }

  readDone(operation: number, data: Uint8Array): void {
    const kept = data.slice();
    const at = this.moment();
    this.#waiting.push((overwritten) => {
      if (this.#closed(operation, overwritten)) this.#inner.failed(operation, "GONE", at);
      else this.#inner.readDone(operation, kept, at);
    });
  }

  /** An error promises nothing, so no disk need be looked at; a refusal says that nothing was written. */
  failed(operation: number, code: HostErrorCode): void {
    if (code !== "REFUSED") {
      this.#volumes.delete(operation);
      this.#inner.failed(operation, code);
      return;
    }
    const at = this.moment();
    this.#waiting.push(() => {
      this.#volumes.delete(operation);
      this.#inner.failed(operation, code, at);
    });
  }

  diskChanged(volume: VolumeKey, change: DiskChange): void {
    this.#changes.push({ ...change, volume });
  }

  /** After a sample: what was answered before the crash is judged by the disks before it. */
  systemDown(system: string, kind: CrashKind): void {
    this.#words.forget(system);
    this.#inner.systemDown(system, kind);
  }

  systemUp(system: string): void {
    this.#waiting.push(() => this.#inner.systemUp(system));
  }

  linkCut(link: string): void {
    this.#inner.linkCut(link);
  }

  linkHealed(link: string): void {
    this.#inner.linkHealed(link);
  }

  adminIssued(system: string, command: AdminCommand): number {
    const number = this.#atCommand(() => this.#inner.adminIssued(system, command));
    const mirror = this.#mirrorOf(command);
    this.#maySwap ||= "method" in command && command.method === "swap";
    if (mirror !== undefined) this.#restoredFrom.set(number, mirror);
    return number;
  }

  adminDone(command: number, known?: boolean): void {
    const at = this.moment();
    this.#waiting.push(() => {
      this.#restoredFrom.delete(command);
      this.#inner.adminDone(command, known, at);
    });
  }

  adminRefused(command: number): void {
    this.#waiting.push(() => {
      this.#restoredFrom.delete(command);
      this.#inner.adminRefused(command);
    });
  }

  lost(pair: string, until = this.moment()): AcknowledgedLoss | undefined {
    const side = this.#config.pairs.find(({ name }) => name === pair)?.secondary ?? "";
    if (this.#judgedUntil < until || this.#unknown.has(side)) return undefined;
    return this.#inner.lost(pair, until);
  }

  imageRead(read: ImageRead): void {
    const kept = { ...read, data: read.data.slice() };
    this.#waiting.push(() => this.#inner.imageRead(kept));
  }

  mark(volume: VolumeKey, timeUs: number): void {
    this.#atCommand(() => this.#inner.mark(volume, timeUs));
  }

  /** Remembers who is being overwritten: a sample may be too late to see it. */
  observe(): void {
    for (const system of this.#words.systems)
      for (const report of this.#config.live(system)?.pairs() ?? [])
        if (!report.consistent) this.#overwritten.add(`${system}/${report.volume}`);
  }

  checkpoint(): void {
    this.#waiting.push(() => this.#inner.checkpoint());
  }

  quiet(): void {
    this.#waiting.push(() => this.#inner.quiet());
  }

  live(converged: boolean, waitingFor: string): void {
    this.#inner.live(converged, waitingFor);
  }

  /** Nothing that is answered from now on is judged: hosts may go on after a run that was given up. */
  cutShort(): void {
    this.#isCutShort = true;
    this.#waiting = [];
  }

  /** After the last sample. @throws Error if something still waits for one: a bug of the caller */
  finish(): CheckResult {
    if (!this.#isCutShort && this.#waiting.length > 0)
      throw new Error(`checker: ${this.#waiting.length} answers were never judged`);
    return judgedOf(this.#inner.finish());
  }

  soFar(): CheckResult {
    return judgedOf(this.#inner.soFar());
  }

  blame(pair: string): readonly BlockBlame[] {
    return this.#inner.blame(pair);
  }
}

/** Without what is not judged from samples. */
function judgedOf({ invariants, checks, failures }: CheckResult): CheckResult {
  const isJudged = (rule: string): boolean => rule !== "D" && rule !== "G";
  const judged = <T>(byRule: Readonly<Partial<Record<Invariant, T>>>): Partial<Record<Invariant, T>> =>
    Object.fromEntries(Object.entries(byRule).filter(([rule]) => isJudged(rule)));
  return {
    invariants: { ...judged(invariants), D: "NOT_APPLICABLE", G: "NOT_APPLICABLE" },
    checks: judged(checks),
    failures: failures.filter(({ rule }) => isJudged(rule)),
  };
}
