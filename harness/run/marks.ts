import { hashBytes } from "../history/rolling-hash.ts";
import type { RecoveryPoint } from "../plan/admin-step.ts";
import type { Topology } from "../plan/topology.ts";
import type { RunWorld } from "../world/run-world.ts";
import { journalGroupOf } from "./journal-group.ts";
import { UnmetError } from "./unmet-error.ts";

/** What is compared at once. */
const CHUNK_BYTES = 4096;

/** One moment of one volume. */
export interface VolumeMark {
  readonly volume: string;
  /** The newest entry of its journal; 0 without a journal, or while its system does not serve. */
  readonly lsn: number;
  /** Microseconds since 1970, as the journal counts; by its system's watch without a journal, or while its system does not serve. */
  readonly timeUs: number;
}

/** The moments that a plan gave a name to. */
export class Marks {
  readonly #world: RunWorld;
  readonly #topology: Pick<Topology, "systems">;
  /** By `label volume`. */
  readonly #marks = new Map<string, { readonly mark: VolumeMark; readonly content: ReadonlyMap<number, number> }>();

  constructor(world: RunWorld, topology: Pick<Topology, "systems">) {
    this.#world = world;
    this.#topology = topology;
  }

  /** Remembers this moment of the volumes; one that had the label is forgotten. */
  set(label: string, volumes: readonly string[]): readonly VolumeMark[] {
    return volumes.map((volume) => {
      const system = this.#world.systemOfVolume(volume);
      const reports = system.serving?.journals() ?? [];
      const journal = reports.find((report) => report.volume === volume);
      // Journals of one group have one time, though each report of it may be read a little later; of others it may be another.
      const { volumes: together } = journalGroupOf(volume, this.#topology) ?? { volumes: [volume] };
      const times = reports.filter((report) => together.includes(report.volume)).map(({ nowUs }) => nowUs);
      const timeUs = journal === undefined ? system.watchUs() : Math.max(...times);
      const mark = { volume, lsn: journal?.newestLsn ?? 0, timeUs };
      this.#marks.set(`${label} ${volume}`, { mark, content: this.#contentOf(volume) });
      return mark;
    });
  }

  /** Where a recovery goes. @throws UnmetError if nothing was marked, as its moment did not come */
  pointOf(to: RecoveryPoint, volume: string): { readonly lsn: number } | { readonly timeUs: number } {
    if ("lsn" in to) return to;
    const { lsn, timeUs } = this.#required(to.mark, volume).mark;
    return to.by === "lsn" ? { lsn } : { timeUs };
  }

  /**
   * Where the disk of `volume` holds another content than at the mark: the first such byte, to 4 KiB; -1 for nowhere.
   * @throws UnmetError if nothing was marked
   */
  firstChange(label: string, volume: string): number {
    const before = this.#required(label, volume).content;
    const now = this.#contentOf(volume);
    let first = -1;
    for (const chunk of new Set([...before.keys(), ...now.keys()]))
      if (before.get(chunk) !== now.get(chunk) && (first < 0 || chunk < first)) first = chunk;
    return first < 0 ? -1 : first * CHUNK_BYTES;
  }

  #required(label: string, volume: string) {
    const found = this.#marks.get(`${label} ${volume}`);
    if (found === undefined) throw new UnmetError("MARK_NOT_SET", `mark ${label} of ${volume}`);
    return found;
  }

  /** By chunk: a hash of what the disk holds there; none of zeros. */
  #contentOf(volume: string): ReadonlyMap<number, number> {
    const disk = this.#world.view(volume);
    const content = new Map<number, number>();
    for (const { offsetBytes, lengthBytes } of disk.allocatedRanges()) {
      const last = Math.ceil((offsetBytes + lengthBytes) / CHUNK_BYTES);
      for (let chunk = Math.floor(offsetBytes / CHUNK_BYTES); chunk < last; chunk++) {
        const start = chunk * CHUNK_BYTES;
        const data = disk.peek(start, Math.min(CHUNK_BYTES, disk.sizeBytes - start));
        if (data.some((byte) => byte !== 0)) content.set(chunk, hashBytes(data));
      }
    }
    return content;
  }
}
