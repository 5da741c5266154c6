import type { BlockBlame, Invariant } from "../history/run-record.ts";
import type { AdminCommand, HostErrorCode, PendingView } from "../target/target.ts";
import type { DiskChange } from "../world/run-world.ts";
import { SparseBytes } from "../world/sim/disk/index.ts";
import type { CrashKind } from "../world/world.ts";
import {
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

/** A change, with the bytes that the disk held there when it was looked at. */
type SampledChange = DiskChange & { readonly volume: VolumeKey; readonly data: Uint8Array };

/** A look at everything that takes a while. */
export interface Sample {
  /** The disks were looked at: at one moment, all of them. */
  looked(): void;
  /** The systems have been asked, after that, what they say of themselves. */
  judge(): void;
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
  /** By system: its last word, also while it is down. */
  readonly #last = new Map<string, LiveSystem>();
  readonly #systems: readonly string[];
  /** Volumes that were said, since the last look at the disks, to hold no moment of any history. */
  #overwritten = new Set<VolumeKey>();
  #isJudging = false;
  /** By operation that is open: its volume. */
  readonly #volumes = new Map<number, VolumeKey>();
  /** The sample that was taken and is not judged yet. */
  #open: (() => void) | undefined;

  constructor(config: CheckerConfig) {
    this.#config = config;
    this.#systems = [...new Set(config.disks.map(({ volume }) => volume.slice(0, volume.indexOf("/"))))];
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
    const said = new Map(this.#systems.map((system) => [system, this.#now(system)]));
    const since = this.#overwritten;
    this.#overwritten = new Set();
    let contents: readonly SampledChange[] | undefined;
    const looked = (): void => {
      contents ??= this.#contents();
    };
    const judge = (): void => {
      if (this.#open !== judge) return;
      this.#open = undefined;
      looked();
      // What began after the look at the disks concerns this sample and the next.
      this.observe();
      const overwritten = new Set([...since, ...this.#overwritten]);
      this.#isJudging = true;
      for (const system of this.#systems) this.#word.set(system, this.#before(system, overwritten));
      this.#inner.observe();
      for (const { volume, data, ...change } of contents ?? []) {
        this.#shadow(volume).put(change.offsetBytes, data);
        this.#inner.diskChanged(volume, change);
      }
      for (const system of this.#systems) {
        const word = this.#mixed(system, said.get(system), this.#overwritten);
        this.#word.set(system, word);
        if (word !== undefined) this.#last.set(system, word);
      }
      this.#inner.observe();
      for (const system of this.#systems) {
        const word = this.#least(system);
        this.#word.set(system, word);
        if (word !== undefined) this.#last.set(system, word);
      }
      this.#inner.observe();
      const due = this.#waiting.slice(0, answers);
      this.#waiting = this.#waiting.slice(answers);
      for (const tell of due) tell(overwritten);
      this.#isJudging = false;
    };
    this.#open = judge;
    return { looked, judge };
  }

  /** What changed since the last sample, with the bytes of now. Losses first: a later write may lie over one. */
  #contents(): SampledChange[] {
    const isLoss = ({ reason }: DiskChange): boolean => reason === "power-loss" || reason === "fault";
    const changes = [...this.#changes.filter(isLoss), ...this.#changes.filter((change) => !isLoss(change))];
    this.#changes = [];
    return changes.map((change) => {
      const disk = this.#config.disks.find(({ volume }) => volume === change.volume);
      if (disk === undefined) throw new Error(`checker: no disk of ${change.volume}`);
      return { ...change, data: disk.peek(change.offsetBytes, change.lengthBytes).slice() };
    });
  }

  /** What is told while changes are judged: the word of the last sample; but who was overwritten since is so. */
  #before(system: string, overwritten: ReadonlySet<VolumeKey>): LiveSystem | undefined {
    return this.#mixed(system, this.#last.get(system) ?? this.#now(system), overwritten);
  }

  /** A word of a system; but these volumes hold no moment of any history. */
  #mixed(system: string, word: LiveSystem | undefined, overwritten: ReadonlySet<VolumeKey>): LiveSystem | undefined {
    if (word === undefined) return undefined;
    const pairs = word.pairs().map((report) => ({
      ...report,
      consistent: report.consistent && !overwritten.has(`${system}/${report.volume}`),
    }));
    return this.#withImages(system, { ...word, pairs: () => pairs });
  }

  /**
   * What is told while answers are judged. A system may have suspended a pair, and answered alone, before its
   * word of that got here: what it is not surely bound to is not asked of it. What is down says nothing.
   */
  #least(system: string): LiveSystem | undefined {
    const live = this.#config.live(system);
    const word = this.#last.get(system);
    if (word === undefined || live === undefined) return undefined;
    const isInStep = (pair: string): boolean =>
      live.pairs().some((report) => report.pair === pair && report.status === "DUPLEX");
    const pairs = word.pairs().map((report) => {
      const isLate = report.role === "primary" && report.status === "DUPLEX" && !isInStep(report.pair);
      return isLate ? { ...report, status: "SPLIT" as const, suspension: "link" } : report;
    });
    return { ...word, pairs: () => pairs };
  }

  /** The moment of an image is looked for after what the disks held at the last sample, up to now. */
  #withImages(system: string, said: LiveSystem | undefined): LiveSystem | undefined {
    const live = this.#config.live(system);
    // What is down changes nothing, and says nothing.
    if (said === undefined || live === undefined) return undefined;
    const images = [...live.images()];
    return { ...said, images: () => images };
  }

  #now(system: string): LiveSystem | undefined {
    const live = this.#config.live(system);
    if (live === undefined) return undefined;
    const pairs = [...live.pairs()];
    const images = [...live.images()];
    const journals = [...live.journals()];
    const restores = live.restores().map((report) => {
      const disk = this.#config.disks.find(({ volume }) => volume === `${system}/${report.volume}`);
      const sizeBytes = disk?.sizeBytes ?? 0;
      return { ...report, left: frozen(report.left, sizeBytes), altered: frozen(report.altered, sizeBytes) };
    });
    return {
      pairs: () => pairs,
      pending: () => undefined,
      images: () => images,
      journals: () => journals,
      restores: () => restores,
    };
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
      if (this.#closed(operation, overwritten)) this.#inner.failed(operation, "GONE", at);
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
    return this.#inner.adminIssued(system, command);
  }

  adminDone(command: number, known?: boolean): void {
    this.#waiting.push(() => this.#inner.adminDone(command, known));
  }

  adminRefused(command: number): void {
    this.#waiting.push(() => this.#inner.adminRefused(command));
  }

  imageRead(read: ImageRead): void {
    const kept = { ...read, data: read.data.slice() };
    this.#waiting.push(() => this.#inner.imageRead(kept));
  }

  mark(volume: VolumeKey, timeNs: number): void {
    this.#inner.mark(volume, timeNs);
  }

  /** Remembers who is being overwritten: a sample may be too late to see it. */
  observe(): void {
    for (const system of this.#systems)
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

  /** After the last sample. @throws Error if something still waits for one: a bug of the caller */
  finish(): CheckResult {
    if (this.#waiting.length > 0) throw new Error(`checker: ${this.#waiting.length} answers were never judged`);
    const { invariants, checks, failures } = this.#inner.finish();
    const isJudged = (rule: string): boolean => rule !== "D" && rule !== "G";
    const judged = <T>(byRule: Readonly<Partial<Record<Invariant, T>>>): Partial<Record<Invariant, T>> =>
      Object.fromEntries(Object.entries(byRule).filter(([rule]) => isJudged(rule)));
    return {
      invariants: { ...judged(invariants), D: "NOT_APPLICABLE", G: "NOT_APPLICABLE" },
      checks: judged(checks),
      failures: failures.filter(({ rule }) => isJudged(rule)),
    };
  }

  blame(pair: string): readonly BlockBlame[] {
    return this.#inner.blame(pair);
  }
}

/** The tracks as they are now. */
function frozen({ trackBytes, has }: PendingView, sizeBytes: number): PendingView {
  const tracks = new Set<number>();
  for (let track = 0; track * trackBytes < sizeBytes; track++) if (has(track)) tracks.add(track);
  return { trackBytes, has: (track) => tracks.has(track) };
}
