import { StorageSystem, Tasks } from "../../engine/controller/index.ts";
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
import {
  type AdminCommand,
  AdminError,
  type Capability,
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

const CAPABILITIES: readonly Capability[] = [
  "sync",
  "async",
  "split",
  "resync-reverse",
  "takeover",
  "failback",
  "pending-bitmap",
  "tracker-lsn",
  "local-mirror",
  "image",
  "journal",
];

/** The engine of this project as a target. @param digest identifies its source */
export function resilverTarget(digest: string): Target {
  return {
    name: "resilver",
    digest,
    capabilities: new Set(CAPABILITIES),
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
    const device = this.#required().device(volume);
    return {
      sizeBytes: device.sizeBytes,
      read: (offsetBytes, lengthBytes) => hostErrors(device.read(offsetBytes, lengthBytes)),
      write: (offsetBytes, data, options) => hostErrors(device.write(offsetBytes, data, options)),
      flush: () => hostErrors(device.flush()),
      trim: (offsetBytes, lengthBytes) => hostErrors(device.trim(offsetBytes, lengthBytes)),
      writeZeroes: (offsetBytes, lengthBytes) => hostErrors(device.writeZeroes(offsetBytes, lengthBytes)),
    };
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
    return [...system.pairs().map(pairReport), ...system.localPairs().flatMap(localPairReports)];
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
