import { SECTOR_BYTES } from "../../engine/ports/index.ts";
import type { Checker, CheckerConfig } from "./checker.ts";
import { Stage, STAGE_TRACK_BYTES, type StagePair, sectors } from "./stage.fixture.ts";

const TRACK_COUNT = 8;
const TRACK_SECTORS = STAGE_TRACK_BYTES / SECTOR_BYTES;
/** Two volumes with a local mirror each, backed up together. */
const PAIRS: StagePair[] = [
  { name: "data", primary: "a/data", secondary: "a/data-m", mode: "sync" },
  { name: "log", primary: "a/log", secondary: "a/log-m", mode: "sync" },
];

export type Name = "data" | "log";

/** Mistakes that backups and restores may make; each should break S, or A where a host reads it. */
export type BackupBug =
  | "splits the second mirror later"
  | "leaves a write out of the backup"
  | "lets a write into the backup"
  | "splits one mirror only"
  | "restores what is there already"
  | "brings a track over a host's write"
  | "serves what is being replaced"
  | "forgets a track at a crash"
  | "does not record what hosts change";

/** Which invariant each mistake breaks. */
export const BROKEN_BY: Readonly<Record<BackupBug, "S" | "A">> = {
  "splits the second mirror later": "S",
  "leaves a write out of the backup": "S",
  "lets a write into the backup": "S",
  "splits one mirror only": "S",
  "restores what is there already": "S",
  "brings a track over a host's write": "S",
  "serves what is being replaced": "A",
  "forgets a track at a crash": "S",
  "does not record what hosts change": "S",
};

/** Local mirrors that do right, small enough to see that they do: what takes time is in steps that a test asks for. */
export class ToyBackup {
  readonly stage: Stage;
  readonly #bug: BackupBug | undefined;
  #tag = 0;
  #splits = 0;
  #isSplit = false;
  /** Writes that no host was answered yet. */
  #open: { readonly name: Name; readonly operation: number }[] = [];
  readonly #left = { data: new Set<number>(), log: new Set<number>() };
  readonly #altered = { data: new Set<number>(), log: new Set<number>() };
  /** Bugs that strike once have struck. */
  #struck = false;

  /** @param make the judge */
  constructor(bug?: BackupBug, make?: (config: CheckerConfig) => Checker) {
    this.#bug = bug;
    this.stage = new Stage(PAIRS, TRACK_COUNT * TRACK_SECTORS, [], {}, make);
    for (const tracks of this.stage.pending.values())
      for (let track = 0; track < TRACK_COUNT; track++) tracks.add(track);
  }

  #strikes(bug: BackupBug): boolean {
    if (this.#bug !== bug || this.#struck) return false;
    this.#struck = true;
    return true;
  }

  /** A write that is carried out; its answer may wait. */
  write(name: Name, sector: number, isAnswered: boolean): void {
    const data = sectors(++this.#tag);
    const operation = this.stage.issue(`a/${name}`, sector, data);
    const track = Math.floor(sector / TRACK_SECTORS);
    if (this.#left[name].has(track)) {
      if (this.#bug !== "brings a track over a host's write") this.#bring(name, track);
      if (this.#bug !== "does not record what hosts change") this.#altered[name].add(track);
      this.#tell(name);
    } else if (this.#left[name].size > 0) {
      if (this.#bug !== "does not record what hosts change") this.#altered[name].add(track);
      this.#tell(name);
    }
    this.stage.put(`a/${name}`, sector, data);
    if (!this.#isSplit) this.stage.put(`a/${name}-m`, sector, data);
    if (isAnswered) this.stage.checker.acknowledged(operation);
    else this.#open.push({ name, operation });
  }

  /** The oldest answer arrives. */
  answer(): void {
    const next = this.#open.shift();
    if (next !== undefined) this.stage.checker.acknowledged(next.operation);
  }

  read(name: Name, sector: number): void {
    const track = Math.floor(sector / TRACK_SECTORS);
    if (this.#left[name].has(track) && this.#bug !== "serves what is being replaced") this.#bring(name, track);
    this.stage.read(`a/${name}`, sector, this.stage.content(`a/${name}`, sector));
  }

  /** Both mirrors are split at one moment. */
  backup(): void {
    if (this.#isSplit) return;
    const { checker } = this.stage;
    const command = checker.adminIssued("a", { kind: "backup", pairs: [], mirrors: ["data", "log"] });
    this.#isSplit = true;
    const late = this.#strikes("splits the second mirror later");
    if (late) for (const volume of ["a/log", "a/log-m"]) this.#writeWhole(volume);
    if (this.#strikes("lets a write into the backup"))
      for (const volume of ["a/data", "a/data-m"]) this.#writeWhole(volume);
    if (this.#strikes("leaves a write out of the backup")) this.stage.put("a/data-m", 0, new Uint8Array(SECTOR_BYTES));
    this.#splits++;
    for (const name of ["data", "log"] as const) {
      if (name === "log" && this.#strikes("splits one mirror only")) continue;
      const change = { status: "SPLIT", suspension: "operator", splitCount: this.#splits } as const;
      this.stage.reports.set(`a ${name}`, { ...this.#report(name, false), ...change });
      this.stage.reports.set(`a ${name} mirror`, { ...this.#report(name, true), ...change });
    }
    checker.observe();
    checker.adminDone(command);
  }

  /** A host's write that the mirror of a backup gets although it came after the command. */
  #writeWhole(volume: string): void {
    const data = sectors(volume.endsWith("-m") ? this.#tag : ++this.#tag);
    if (volume.endsWith("-m")) this.stage.put(volume, 0, data);
    else {
      const operation = this.stage.issue(volume, 0, data);
      this.stage.put(volume, 0, data);
      this.stage.checker.acknowledged(operation);
    }
  }

  #report(name: Name, isMirror: boolean) {
    const report = this.stage.reports.get(`a ${name}${isMirror ? " mirror" : ""}`);
    if (report === undefined) throw new Error(`no report of ${name}`);
    return report;
  }

  /** The mirrors become mirrors again. */
  resync(): void {
    if (!this.#isSplit || this.#left.data.size + this.#left.log.size > 0) return;
    for (const name of ["data", "log"] as const) {
      this.stage.checker.adminDone(this.stage.checker.adminIssued("a", { kind: "resync", pair: name }));
      this.stage.reportMirror("a", name, { status: "COPY", suspension: "", consistent: false });
      for (let sector = 0; sector < TRACK_COUNT * TRACK_SECTORS; sector++)
        this.stage.put(`a/${name}-m`, sector, this.stage.content(`a/${name}`, sector));
      this.stage.reportMirror("a", name, { status: "DUPLEX", consistent: true });
      this.stage.report("a", name, { status: "DUPLEX", suspension: "" });
    }
    this.#isSplit = false;
  }

  restore(name: Name): void {
    if (!this.#isSplit || this.#left[name].size > 0) return;
    // What is under way ends first.
    while (this.#open.length > 0) this.answer();
    const command = this.stage.checker.adminIssued("a", { kind: "restore", pair: name, scope: "all" });
    this.#altered[name].clear();
    for (let track = 0; track < TRACK_COUNT; track++) this.#left[name].add(track);
    this.#tell(name);
    this.stage.checker.adminDone(command);
  }

  /** One track comes in the background. */
  bring(name: Name): void {
    const [track] = this.#left[name];
    if (track !== undefined) this.#bring(name, track);
  }

  #bring(name: Name, track: number): void {
    this.#left[name].delete(track);
    const isDone = this.#strikes("restores what is there already");
    const source = isDone ? `a/${name}` : `a/${name}-m`;
    this.stage.put(
      `a/${name}`,
      track * TRACK_SECTORS,
      this.stage.content(source, track * TRACK_SECTORS, TRACK_SECTORS),
    );
    this.#tell(name);
  }

  #tell(name: Name): void {
    this.stage.restoring(`a/${name}`, [...this.#left[name]], [...this.#altered[name]]);
  }

  /** The program dies and is there again; every restore goes on. */
  crash(): void {
    const { checker, down, restores } = this.stage;
    checker.systemDown("a", "kill");
    down.add("a");
    for (const { operation } of this.#open.splice(0)) checker.failed(operation, "GONE");
    if (this.#left.data.size > 0 && this.#strikes("forgets a track at a crash")) {
      const [track] = this.#left.data;
      if (track !== undefined) this.#left.data.delete(track);
      restores.delete("a/data");
    }
    down.delete("a");
    for (const name of ["data", "log"] as const) this.#tell(name);
    checker.systemUp("a");
  }

  /** Everything that was begun ends. */
  comeToRest(): void {
    while (this.#open.length > 0) this.answer();
    for (const name of ["data", "log"] as const) while (this.#left[name].size > 0) this.bring(name);
    this.stage.checker.checkpoint();
  }
}
