import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { checkAsyncLaw } from "../testing/check-law.ts";
import {
  type FileStore,
  type RestoreRequest,
  type RestoreResult,
  type RestoringAdministrator,
  type RestoringHost,
  restoreFromBackup,
} from "./restoring-program.ts";

type Files = Map<string, string>;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** Three volumes with files, two mirrors, and an interruption at the `failAt`th call. */
class Site implements RestoringHost, RestoringAdministrator {
  readonly volumes = new Map<string, Files>();
  readonly commands: string[] = [];
  readonly mounted = new Set<string>();
  mirrorStatus = "SPLIT";
  isSplit = false;
  calls = 0;
  failAt = Number.POSITIVE_INFINITY;
  openCount = 0;

  constructor(now: Files, backup: Files) {
    this.volumes.set("pvol", new Map(now)).set("spvol", new Map(now)).set("svol", new Map(backup));
  }

  files(volume: string): Files {
    const files = this.volumes.get(volume);
    if (files === undefined) throw new Error(`no volume ${volume}`);
    return files;
  }

  isMounted(volume: string): boolean {
    return this.mounted.has(volume);
  }

  #call(): void {
    if (++this.calls === this.failAt) throw new Error("interrupted");
  }

  async mount(volume: string, access: "read-only" | "read-write"): Promise<FileStore> {
    await Promise.resolve();
    this.#call();
    if (volume === "spvol") expect(this.isSplit).toBe(true);
    const files = this.files(volume);
    this.openCount++;
    return {
      list: () => Promise.resolve([...files.keys()].sort()),
      read: (path) => Promise.resolve(bytes(files.get(path) ?? "")),
      write: async (path, data) => {
        await Promise.resolve();
        this.#call();
        expect(access).toBe("read-write");
        files.set(path, text(data));
      },
      close: async () => {
        await Promise.resolve();
        this.openCount--;
      },
    };
  }

  status(): Promise<{ readonly status: string; readonly suspension: string }> {
    return Promise.resolve({ status: this.mirrorStatus, suspension: "" });
  }

  async split(pair: string): Promise<void> {
    await Promise.resolve();
    this.#call();
    this.commands.push(`split ${pair}`);
    this.isSplit = true;
  }

  async resync(pair: string, direction: "forward" | "reverse"): Promise<void> {
    await Promise.resolve();
    // What brings the mirror together again is not given up by an administrator.
    if (direction === "reverse") this.#call();
    this.commands.push(`resync ${pair} ${direction}`);
    const [from, to] = direction === "reverse" ? ["spvol", "pvol"] : ["pvol", "spvol"];
    this.volumes.set(to ?? "", new Map(this.files(from ?? "")));
    this.isSplit = false;
  }

  async restoreMirror(pair: string): Promise<void> {
    await Promise.resolve();
    this.#call();
    this.commands.push(`restore ${pair}`);
    this.volumes.set("spvol", new Map(this.files("svol")));
  }
}

function run(site: Site, files: RestoreRequest["files"]): Promise<RestoreResult> {
  const names = { remote: "remote", mirror: "local", production: "pvol", target: "spvol", backup: "svol" };
  return restoreFromBackup({ ...names, files }, { host: site, administrator: site, log: { step: () => {} } });
}

const paths = ["/a", "/b", "/c", "/d/e"];
const content = fc
  .dictionary(fc.constantFrom(...paths), fc.constantFrom("one", "two", "three"))
  .map((files) => new Map(Object.entries(files)));
const names = fc.oneof(fc.constant("all" as const), fc.subarray(paths));

/** What the production volume holds after a restore that can be done. */
function restored(now: Files, backup: Files, files: RestoreRequest["files"]): Files {
  if (files === "all") return backup;
  return new Map([...now, ...files.map((path): [string, string] => [path, backup.get(path) ?? ""])]);
}

const sorted = (files: Files): [string, string][] => [...files].sort(([a], [b]) => (a < b ? -1 : 1));

describe("the restoring program", () => {
  test("gives the named files what the backup holds, and leaves every other file and the backup alone", async () => {
    await checkAsyncLaw(
      fc.asyncProperty(content, content, names, async (now, backup, files) => {
        const site = new Site(now, backup);
        const missing = files !== "all" && files.some((path) => !backup.has(path));
        if (missing) {
          await expect(run(site, files)).rejects.toMatchObject({ code: "FILE_NOT_IN_BACKUP" });
          expect(site.commands).toEqual([]);
          expect(sorted(site.files("pvol"))).toEqual(sorted(now));
        } else {
          const { scope } = await run(site, files);
          expect(sorted(site.files("pvol"))).toEqual(sorted(restored(now, backup, files)));
          expect(site.files("spvol")).toEqual(site.files("pvol"));
          if (scope === "nothing") expect(site.commands).toEqual([]);
          else expect(site.commands.at(-1)).toBe("resync remote reverse");
        }
        expect(sorted(site.files("svol"))).toEqual(sorted(backup));
        expect(site.openCount).toBe(0);
      }),
      500,
    );
  });

  test("restores the volume whole if exactly all of its files are named, and never otherwise", async () => {
    await checkAsyncLaw(
      fc.asyncProperty(content, content, fc.subarray(paths), async (now, backup, files) => {
        fc.pre(files.length > 0 && files.every((path) => backup.has(path)));
        const site = new Site(now, backup);
        const { scope } = await run(site, files);
        const all = files.length === backup.size && [...now.keys()].every((path) => files.includes(path));
        expect(scope).toBe(all ? "volume" : "files");
        expect(site.commands.includes("restore local")).toBe(all);
      }),
      500,
    );
  });

  test("interrupted at any step, the production volume is wholly old or wholly restored; run again, it is restored", async () => {
    await checkAsyncLaw(
      fc.asyncProperty(content, content, names, fc.integer({ min: 1, max: 12 }), async (now, backup, files, failAt) => {
        fc.pre(files === "all" || (files.length > 0 && files.every((path) => backup.has(path))));
        const site = new Site(now, backup);
        site.failAt = failAt;
        await run(site, files).catch((error: unknown) => expect(error).toMatchObject({ message: "interrupted" }));
        const goal = sorted(restored(now, backup, files));
        expect([sorted(now), goal]).toContainEqual(sorted(site.files("pvol")));
        site.failAt = Number.POSITIVE_INFINITY;
        await run(site, files);
        expect(sorted(site.files("pvol"))).toEqual(goal);
        expect(site.openCount).toBe(0);
      }),
      500,
    );
  });

  test("is refused while the production volume is mounted, or when the mirror is no backup", async () => {
    const backup = new Map([["/a", "one"]]);
    const inUse = new Site(new Map(), backup);
    inUse.mounted.add("pvol");
    await expect(run(inUse, ["/a"])).rejects.toThrow(new EngineError("VOLUME_MOUNTED", { volume: "pvol" }).message);
    const together = new Site(new Map(), backup);
    together.mirrorStatus = "DUPLEX";
    await expect(run(together, "all")).rejects.toMatchObject({ code: "ILLEGAL_TRANSITION" });
    expect([...inUse.commands, ...together.commands]).toEqual([]);
  });
});
