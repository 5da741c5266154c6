import type { AdminCommand } from "../target/target.ts";
import type { DiskState } from "./disk-state.ts";
import type { Images } from "./images.ts";
import type { Journals } from "./journals.ts";
import type { Model } from "./model.ts";
import type { Moment } from "./moment.ts";
import type { PairState } from "./pair-state.ts";
import { NO_VERSION } from "./versions.ts";

/** What a command restores. */
export interface RestoredContent {
  readonly disk: DiskState;
  readonly moment: Moment | undefined;
  /** The mirror whose content it is, if it is one's. */
  readonly mirror?: DiskState;
  /** What it may be in a sector; more than one where that is not known. */
  candidates(sector: number): readonly number[];
}

/** Knows what each command restores: a mirror's content, an image, a moment of a journal. */
export class RestoredContents {
  readonly #model: Model;
  readonly #images: Images;
  readonly #journals: Journals;

  constructor(model: Model, images: Images, journals: Journals) {
    this.#model = model;
    this.#images = images;
    this.#journals = journals;
  }

  /** What the command restores; nothing if it restores nothing. Asked before it is given. */
  of(given: AdminCommand): readonly RestoredContent[] {
    if (given.kind === "recover-group") return this.#group(given);
    const content = this.#one(given);
    return content === undefined ? [] : [content];
  }

  /** All volumes of the group hold content of one and the same moment. */
  #group({ volumes, to }: Extract<AdminCommand, { readonly kind: "recover-group" }>): readonly RestoredContent[] {
    const disks = volumes.flatMap((name) => this.#volume(name) ?? []);
    const named = "volume" in to ? disks.find(({ name }) => name === to.volume) : disks[0];
    const moment = named && this.#journals.momentOf(named, to, disks);
    if (moment === undefined) return [];
    return disks.map((disk) => ({ disk, moment, candidates: (sector) => moment.candidates(disk, sector) }));
  }

  #one(given: AdminCommand): RestoredContent | undefined {
    switch (given.kind) {
      case "restore":
        return this.#mirrored(given.pair);
      case "resync":
        return given.direction === "reverse" ? this.#mirrored(given.pair) : undefined;
      case "rollback":
        return this.#imaged(this.#volume(given.volume));
      case "takeover":
        return this.#imaged(this.#mixture(given.pair));
      case "recover": {
        const disk = this.#volume(given.volume);
        const moment = disk && this.#journals.momentOf(disk, given.to);
        return moment && { disk, moment, candidates: (sector) => moment.candidates(disk, sector) };
      }
      default:
        return undefined;
    }
  }

  #imaged(disk: DiskState | undefined): RestoredContent | undefined {
    const moment = disk && this.#images.momentOf(disk);
    return moment && { disk, moment, candidates: (sector) => this.#images.candidates(disk, sector) };
  }

  /** The secondary, if a resync has left a mixture there: a takeover first puts its image back (LS-8). */
  #mixture(name: string): DiskState | undefined {
    for (const { disk, report } of this.#model.pairs.find(({ config }) => config.name === name)?.sides ?? []) {
      // Who looks now and then may not know.
      if (report?.role === "secondary" && !(report.consistent && this.#model.isInStep)) return disk;
    }
    return undefined;
  }

  #mirrored(name: string): RestoredContent | undefined {
    const pair: PairState | undefined = this.#model.pairs.find(
      ({ config, isLocal }) => isLocal && config.name === name,
    );
    if (pair === undefined) return undefined;
    const [{ disk }, { disk: mirror }] = pair.sides;
    return { disk, mirror, moment: undefined, candidates: (sector) => this.#mirrorsContent(mirror, sector) };
  }

  /** What the disk of the mirror holds now, and what its own hosts may have written since somebody looked. */
  #mirrorsContent(mirror: DiskState, sector: number): readonly number[] {
    const present = mirror.hash.get(sector);
    if (this.#model.isInStep) return [present];
    const { versions } = mirror;
    const floor = mirror.floor.get(sector);
    const contents = new Set([present]);
    for (let version = versions.head.get(sector); version !== NO_VERSION; version = versions.previous(version)) {
      const { disk, kind, state } = versions.operation(version);
      const isOwn = disk === mirror.index && kind !== "restore" && state !== "REFUSED";
      if (isOwn && !versions.precedes(version, floor)) contents.add(versions.hash(version));
    }
    return [...contents];
  }

  #volume(name: string): DiskState | undefined {
    return this.#model.disks.find((disk) => disk.name === name);
  }
}
