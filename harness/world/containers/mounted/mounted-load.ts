import { setTimeout as sleep } from "node:timers/promises";
import type { MountedVolume } from "./mounted-volume.ts";
import { type JournalMode, SqliteSession } from "./sqlite-session.ts";
import { SyncedFiles } from "./synced-files.ts";

const DATABASES: readonly JournalMode[] = ["wal", "delete"];
const PROGRESS_MS_MAX = 30_000;
const ASKED_MS = 5;

/**
 * What programs do on a mounted volume, one file and one database beside the other, and what was acknowledged to
 * them. It goes on on another mount of the volume, or of its mirror.
 */
export class MountedLoad {
  readonly #files = new SyncedFiles();
  readonly #commits = new Map<JournalMode, number>(DATABASES.map((mode) => [mode, 0]));
  #sessions: readonly SqliteSession[] = [];
  #writers: Promise<void>[] = [];
  #stopped = false;

  /** Makes the databases. */
  async prepare(volume: MountedVolume): Promise<void> {
    for (const mode of DATABASES) {
      const session = SqliteSession.open(volume, databaseOf(mode));
      await session.create(mode);
      await session.close();
    }
  }

  /** Begins to write. */
  start(volume: MountedVolume): void {
    this.#stopped = false;
    const sessions = DATABASES.map((mode) => ({ mode, session: SqliteSession.open(volume, databaseOf(mode)) }));
    this.#sessions = sessions.map(({ session }) => session);
    this.#writers = [
      this.#write(() => this.#files.save(volume.path)),
      ...sessions.map(({ mode, session }) =>
        this.#write(async () => {
          await session.commit();
          this.#commits.set(mode, this.#acknowledged(mode) + 1);
        }),
      ),
    ];
    // Whoever stops or abandons them is told.
    for (const writer of this.#writers) writer.catch(() => undefined);
  }

  /** Settles when each of them was acknowledged so many more. @throws Error if one of them fails, or none comes */
  async progress(count: number): Promise<void> {
    const untilMs = performance.now() + PROGRESS_MS_MAX;
    const goals = this.#counts().map((now) => now + count);
    while (this.#counts().some((now, at) => now < (goals[at] ?? 0))) {
      if (performance.now() > untilMs)
        throw new Error(`${this.#counts().join(", ")} acknowledged, not ${goals.join(", ")}`);
      await Promise.race([sleep(ASKED_MS), ...this.#writers]);
    }
  }

  /** Ends after what is under way, and closes the databases. @throws what a writer failed with */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#writers);
    for (const session of this.#sessions) await session.close();
  }

  /** The volume is torn away from under it: settles when every writer has noticed, or ended. */
  async abandon(volume: MountedVolume): Promise<void> {
    this.#stopped = true;
    await volume.tear();
    await Promise.allSettled(this.#writers);
  }

  /**
   * What is wrong on a mount that should hold all that was acknowledged, and what was under way wholly or not at
   * all. After an answer of nothing, what was under way is known, and counts.
   */
  async wrongOn(volume: MountedVolume, options: { readonly readOnly: boolean }): Promise<readonly string[]> {
    const wrong = [...(await this.#files.wrongIn(volume.path))];
    for (const mode of DATABASES) {
      const open = options.readOnly ? SqliteSession.openUnchanging : SqliteSession.open;
      const session = open(volume, databaseOf(mode));
      try {
        const found = await session.commits();
        const acknowledged = this.#acknowledged(mode);
        if (found === acknowledged || found === acknowledged + 1) this.#commits.set(mode, found);
        else wrong.push(`${databaseOf(mode)}: ${found} transactions, of which ${acknowledged} were acknowledged`);
      } catch (error) {
        wrong.push(`${databaseOf(mode)}: ${String(error)}`);
      }
      await session.close();
    }
    return wrong;
  }

  /** Files saved, and transactions of each database. */
  #counts(): readonly number[] {
    return [this.#files.count, ...this.#commits.values()];
  }

  #acknowledged(mode: JournalMode): number {
    return this.#commits.get(mode) ?? 0;
  }

  async #write(step: () => Promise<void>): Promise<void> {
    while (!this.#stopped) await step();
  }
}

function databaseOf(mode: JournalMode): string {
  return `${mode}.db`;
}
