import { restoreFromBackup } from "../../engine/controller/index.ts";
import { EngineError } from "../../engine/errors.ts";
import { NS_PER_MS, type StepFields } from "../../engine/ports/index.ts";
import { fileContent } from "../files/file-content.ts";
import { type BlockDevice, type FileSystem, type FileSystems, FileSystemError } from "../files/file-system.ts";
import type { AdminStep } from "../plan/admin-step.ts";
import {
  type FilesHold,
  type FileStep,
  type RestoreFilesStep,
  restorePath,
  type WriteFilesStep,
} from "../plan/file-step.ts";
import type { Plan } from "../plan/plan.ts";
import type { RunWorld } from "../world/run-world.ts";
import type { CommandOutcome } from "./give-command.ts";
import type { Host } from "./host.ts";
import { hostDevice } from "./host-device.ts";
import { SimAdministrator } from "./restoring-administrator.ts";
import { UnmetError } from "./unmet-error.ts";

/** What the clock of file systems says when a run begins, in milliseconds since 1970: just after the blank one was made. */
const START_MS = 1_000_000_100_000;

export interface FileStepParts {
  readonly plan: Plan;
  readonly world: RunWorld;
  readonly host: (volume: string) => Host;
  readonly fileSystems: FileSystems | undefined;
  /** Gives a command as a step of the plan would. */
  readonly give: (step: AdminStep) => Promise<CommandOutcome>;
  /** A program at a host of `system` tells what it does. */
  readonly onHostStep: (system: string, name: string, fields: StepFields) => void;
}

/** Takes the steps that deal with files, at the hosts of the volumes. */
export class FileSteps {
  readonly #parts: FileStepParts;
  readonly #mounted = new Set<string>();

  constructor(parts: FileStepParts) {
    this.#parts = parts;
  }

  /** Gives "", or why it was refused: `CODE: why`. */
  async take(step: FileStep): Promise<string> {
    try {
      switch (step.kind) {
        case "write-files":
          await this.#write(step);
          return "";
        case "remove-files":
          await this.#using(step.volume, async (files) => {
            for (const path of step.paths) await files.remove(path);
          });
          return "";
        case "mount":
          this.#mounted.add(step.volume);
          return "";
        case "dismount":
          this.#mounted.delete(step.volume);
          return "";
        case "restore-files":
          await this.#restore(step);
          return "";
      }
    } catch (error) {
      // Its message begins with its code.
      if (error instanceof EngineError) return error.message.replace(" ", ": ");
      if (error instanceof FileSystemError) return `FILES: ${error.message}`;
      if (error instanceof UnmetError) return error.message;
      throw error;
    }
  }

  /** In what the volume is not as expected; "" if it is. Takes no time: it looks at the disk itself. */
  async missing({ volume, files }: FilesHold): Promise<string> {
    const disk = this.#parts.world.view(volume);
    const device: BlockDevice = {
      sizeBytes: disk.sizeBytes,
      read: (offsetBytes, lengthBytes) => Promise.resolve(disk.peek(offsetBytes, lengthBytes)),
      write: () => Promise.reject(new Error("it is only looked at")),
    };
    try {
      const mounted = await this.#fileSystems().mount(device, { access: "read-only", nowMs: this.#nowMs });
      const present = await mounted.list();
      const absent = files.find(({ path }) => !present.includes(path));
      if (absent !== undefined) return `${absent.path} is not there`;
      const extra = present.find((path) => !files.some((file) => file.path === path));
      if (extra !== undefined) return `${extra} is there too`;
      for (const { path, content, sizeBytes } of files) {
        const found = await mounted.read(path);
        const wanted = fileContent(path, content, sizeBytes);
        if (found.length !== sizeBytes) return `${path} has ${found.length} bytes instead of ${sizeBytes}`;
        const at = wanted.findIndex((byte, index) => byte !== found[index]);
        if (at >= 0) return `${path} does not hold "${content}": byte ${at} differs`;
      }
      return "";
    } catch (error) {
      if (error instanceof FileSystemError) return error.message;
      throw error;
    }
  }

  async #write({ volume, fileSystem, files }: WriteFilesStep): Promise<void> {
    if (fileSystem === "new") await this.#device(volume).write(this.#fileSystems().blank());
    if (files.length === 0) return;
    await this.#using(volume, async (mounted) => {
      for (const { path, content, sizeBytes } of files)
        await mounted.write(path, fileContent(path, content, sizeBytes));
    });
  }

  async #restore({ from, names }: RestoreFilesStep): Promise<void> {
    const { plan, world, give, onHostStep } = this.#parts;
    const path = restorePath(from, plan.topology);
    if (path === undefined) throw new Error(`no way to restore from ${from}`);
    const { local, remote } = path;
    const { name: system } = world.systemOfVolume(local.primary);
    await restoreFromBackup(
      {
        remote: remote.name,
        mirror: local.name,
        production: remote.primary,
        target: local.primary,
        backup: local.secondary,
        files: names,
      },
      {
        host: {
          isMounted: (volume) => this.#mounted.has(volume),
          mount: (volume, access) => this.#mount(volume, access),
        },
        administrator: new SimAdministrator(world, give),
        log: { step: (name, fields) => onHostStep(system, name, fields) },
      },
    );
  }

  async #using(volume: string, body: (files: FileSystem) => Promise<void>): Promise<void> {
    const files = await this.#mount(volume, "read-write");
    try {
      await body(files);
    } finally {
      await files.close();
    }
  }

  #mount(volume: string, access: "read-only" | "read-write"): Promise<FileSystem> {
    return this.#fileSystems().mount(this.#device(volume), { access, nowMs: this.#nowMs });
  }

  #device(volume: string): BlockDevice {
    return hostDevice(this.#parts.host(volume), () => this.#parts.world.nowNs());
  }

  #fileSystems(): FileSystems {
    const { fileSystems } = this.#parts;
    if (fileSystems === undefined) throw new Error("the plan deals with files, and no file system is at hand");
    return fileSystems;
  }

  readonly #nowMs = (): number => START_MS + Math.floor(this.#parts.world.nowNs() / NS_PER_MS);
}
