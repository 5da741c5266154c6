import { type CopyIn, type Journal, type LocalPair, type Pair, StorageSystem, Tasks } from "../../engine/controller/index.ts";
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
      await this.#required().execute(command);
    } catch (error) {
      if (error instanceof EngineError) throw new AdminError(error.code, error.message.slice(error.code.length + 1));
      throw error;
    }
  }

  pairs(): readonly PairReport[] {
    const system = this.#system;
    if (system === undefined) return [];
    return [...system.pairs().map(reportOf), ...system.localPairs().flatMap(localReportsOf)];
  }

  pending(pair: string): PendingView | undefined {
    const local = this.#system?.localPair(pair);
    if (local !== undefined)
      return { trackBytes: local.volume.trackBytes, has: (trackIndex) => local.mayDiffer(trackIndex) };
    const found = this.#system?.pair(pair);
    if (found === undefined) return undefined;
    const { pending, volume } = found;
    return { trackBytes: volume.trackBytes, has: (trackIndex) => pending.has(trackIndex) };
  }

  images(): readonly ImageReport[] {
    const images = this.#system?.images() ?? [];
    return images.map(({ volume, method, state, moment }) => ({ volume: volume.name, method, state, moment }));
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
    return this.#system?.journals().map(journalReportOf) ?? [];
  }

  restores(): readonly RestoreReport[] {
    return this.#system?.restores().map(restoreReportOf) ?? [];
  }

  #required(): StorageSystem {
    if (this.#system === undefined) throw new HostError("REFUSED", "the system has not started");
    return this.#system;
  }
}

function restoreReportOf({ volume, from, id, tracks, altered }: CopyIn): RestoreReport {
  const { name, trackBytes } = volume;
  return {
    volume: name,
    from,
    id,
    doneTracks: tracks.done,
    totalTracks: tracks.total,
    left: { trackBytes, has: (trackIndex) => tracks.left.has(trackIndex) },
    altered: { trackBytes, has: (trackIndex) => altered.has(trackIndex) },
  };
}

function journalReportOf(journal: Journal): JournalReport {
  const { volume, base } = journal.parts;
  const logging = journal.recovery === undefined ? "logging" : "recovering";
  // Until the base is whole there is nothing to recover.
  return {
    volume: volume.name,
    disk: journal.isExchanged ? base.name : volume.name,
    state: journal.moments.isRecoverable ? logging : "stopped",
    ...journal.moments.window,
  };
}

function reportOf(pair: Pair): PairReport {
  const { entry, progress } = pair;
  return {
    pair: entry.name,
    volume: entry.volume,
    role: entry.role,
    status: entry.status,
    suspension: entry.status === "SPLIT" && pair.refusal !== "" ? pair.refusal.toLowerCase() : entry.suspension,
    consistent: entry.consistent,
    connected: pair.connection !== undefined,
    generation: entry.current,
    pendingTracks: pair.pending.count,
    ...(progress === undefined ? {} : { progress: { ...progress } }),
  };
}

/** One system has both volumes of a local mirror, so it reports both. */
function localReportsOf(pair: LocalPair): readonly PairReport[] {
  const { entry, mirrorConsistent, completion, progress } = pair;
  const completing =
    completion === undefined ? {} : { progress: { done: completion.tracks.done, total: completion.tracks.total } };
  const common = {
    pair: entry.name,
    copyType: "local" as const,
    status: entry.status,
    suspension: entry.suspension,
    connected: true,
    generation: "",
    splitCount: entry.splitCount,
  };
  return [
    {
      ...common,
      volume: entry.volume,
      role: "primary",
      consistent: true,
      pendingTracks: pair.pending.count,
      ...(progress === undefined ? {} : { progress: { ...progress } }),
    },
    {
      ...common,
      volume: entry.mirrorVolume,
      role: "secondary",
      // Until it is completed its disk is no moment, though what a host reads is.
      consistent: mirrorConsistent && entry.task !== "completing",
      pendingTracks: pair.mirrorSide.dirty.count,
      ...completing,
    },
  ];
}

/** @throws HostError */
function refusals<T>(request: () => T): T {
  try {
    return request();
  } catch (error) {
    throw hostError(error);
  }
}

async function hostErrors<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw hostError(error);
  }
}

/** What a host sees of a refusal; our own bugs pass through. */
function hostError(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const device = error.code === "DISK_FAILED" ? (error as EngineError<"DISK_FAILED">).context.code : "";
  return new HostError(device === "EIO" || device === "ENOSPC" ? device : "REFUSED", error.message);
}
