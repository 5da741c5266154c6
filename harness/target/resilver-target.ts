import { type FrontEndDevice, StorageSystem, Tasks } from "../../engine/controller/index.ts";
import {
  imageReport,
  journalReport,
  localPairReports,
  localPendingView,
  pairReport,
  pendingView,
  restoreReport,
} from "../../engine/controller/reports.ts";
import { EngineError } from "../../engine/errors.ts";
import { CAPABILITY_NAMES } from "./capability.ts";
import {
  type AdminCommand,
  AdminError,
  type HostDevice,
  HostError,
  type ImageReport,
  type JournalReport,
  type PairReport,
  type PendingView,
  type RestoreReport,
  type SystemConfig,
  type SystemPorts,
  type Target,
  type TargetSystem,
} from "./target.ts";

/** The engine of this project as a target. @param digest identifies its source */
export function resilverTarget(digest: string): Target {
  return {
    name: "resilver",
    digest,
    capabilities: new Set(CAPABILITY_NAMES),
    start: (config, ports) => new ResilverSystem(config, ports),
  };
}

class ResilverSystem implements TargetSystem {
  readonly ready: Promise<void>;
  readonly failed: Promise<Error>;
  readonly #started: Promise<StorageSystem>;
  #system: StorageSystem | undefined;

  constructor(config: SystemConfig, ports: SystemPorts) {
    const tasks = new Tasks();
    this.failed = tasks.failed;
    this.#started = StorageSystem.start(config, ports, tasks);
    this.ready = this.#started.then((system) => {
      this.#system = system;
    });
  }

  device(volume: string): HostDevice {
    return new ResilverDevice(this.#required().device(volume));
  }

  async admin(command: AdminCommand): Promise<void> {
    try {
      if (command.kind === "recover-group") {
        const { volumes: _, ...group } = command;
        await this.#required().execute(group);
      } else await this.#required().execute(command);
    } catch (error) {
      if (error instanceof EngineError) throw new AdminError(error.code, error.message.slice(error.code.length + 1));
      throw error;
    }
  }

  pairs(): readonly PairReport[] {
    const system = this.#system;
    if (system === undefined) return [];
    const reports = system.pairs().map(pairReport);
    for (const local of system.localPairs()) reports.push(...localPairReports(local));
    return reports;
  }

  pending(pair: string): PendingView | undefined {
    const local = this.#system?.localPair(pair);
    if (local !== undefined) return localPendingView(local);
    const found = this.#system?.pair(pair);
    return found === undefined ? undefined : pendingView(found);
  }

  images(): readonly ImageReport[] {
    return this.#system?.images().map(imageReport) ?? [];
  }

  image(volume: string): HostDevice {
    const image = refusals(() => this.#required().image(volume));
    const readOnly = (): Promise<never> => Promise.reject(new HostError("REFUSED", `the image of ${volume} is read-only`));
    return {
      sizeBytes: image.volume.sizeBytes,
      read: (offsetBytes, lengthBytes) => hostErrors(image.read(offsetBytes, lengthBytes)),
      write: readOnly,
      flush: readOnly,
      trim: readOnly,
      writeZeroes: readOnly,
    };
  }

  journals(): readonly JournalReport[] {
    return this.#system?.journals().map(journalReport) ?? [];
  }

  restores(): readonly RestoreReport[] {
    return this.#system?.restores().map(restoreReport) ?? [];
  }

  #required(): StorageSystem {
    if (this.#system === undefined) throw new HostError("REFUSED", "the system has not started");
    return this.#system;
  }
}

/** A volume as a host sees it. One is made for every request, so it is no bundle of functions. */
class ResilverDevice implements HostDevice {
  readonly sizeBytes: number;
  readonly #device: FrontEndDevice;

  constructor(device: FrontEndDevice) {
    this.sizeBytes = device.sizeBytes;
    this.#device = device;
  }

  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return hostErrors(this.#device.read(offsetBytes, lengthBytes));
  }

  write(offsetBytes: number, data: Uint8Array, options?: { readonly fua?: boolean }): Promise<void> {
    return hostErrors(this.#device.write(offsetBytes, data, options));
  }

  flush(): Promise<void> {
    return hostErrors(this.#device.flush());
  }

  trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    return hostErrors(this.#device.trim(offsetBytes, lengthBytes));
  }

  writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    return hostErrors(this.#device.writeZeroes(offsetBytes, lengthBytes));
  }
}

/** @throws HostError */
function refusals<T>(request: () => T): T {
  try {
    return request();
  } catch (error) {
    throw hostError(error);
  }
}

function hostErrors<T>(request: Promise<T>): Promise<T> {
  return request.catch(rejectWithHostError);
}

function rejectWithHostError(error: unknown): never {
  throw hostError(error);
}

/** What a host sees of a refusal; our own bugs pass through. */
function hostError(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const device = error.code === "DISK_FAILED" ? (error as EngineError<"DISK_FAILED">).context.code : "";
  return new HostError(device === "EIO" || device === "ENOSPC" ? device : "REFUSED", error.message);
}
