import { KiB } from "./mirror.ts";
import type { Topology, TopologyImage, TopologySystem, TopologyVolume } from "./topology.ts";

/** How images are kept, for {@link withImages}. */
export interface ImageOptions {
  readonly method: TopologyImage["method"];
  /** Of the area; without, enough for all of the volume. */
  readonly areaBytes?: number;
}

/**
 * The topology, with an image of each of `volumes` at every suspension (LS-1). Its room is the volume
 * `pvol-area` for `pvol`; the method `lsn` has none, and needs a journal of the volume.
 */
export function withImages<S extends string, V extends string, L extends string, P extends string, const K extends V>(
  topology: Topology<S, V, L, P>,
  volumes: readonly K[],
  options: ImageOptions,
): Topology<S, V | `${K}-area`, L, P> {
  const { method, areaBytes } = options;
  return extended(topology, volumes, (volume) => {
    if (method === "lsn") return { volumes: [], images: [{ volume: volume.name, method }] };
    const area = `${volume.name}-area` as const;
    return {
      volumes: [{ ...volume, name: area, sizeBytes: areaBytes ?? withTables(volume.sizeBytes) }],
      images: [{ volume: volume.name, method, area }],
    };
  });
}

/**
 * The topology, with a journal of each of `volumes` (JR-1): for `pvol` the volumes `pvol-log`, which
 * holds the entries, and `pvol-base`, of the volume's size.
 *
 * @param options `logBytes`: of the log; without, twice the volume and its tables. `group`: the volumes of a system
 * that have the same one can be recovered together
 */
export function withJournals<S extends string, V extends string, L extends string, P extends string, const K extends V>(
  topology: Topology<S, V, L, P>,
  volumes: readonly K[],
  options: { readonly logBytes?: number; readonly group?: string } = {},
): Topology<S, V | `${K}-log` | `${K}-base`, L, P> {
  return extended(topology, volumes, (volume) => {
    const log = `${volume.name}-log` as const;
    const base = `${volume.name}-base` as const;
    const sizeBytes = options.logBytes ?? withTables(2 * volume.sizeBytes);
    return {
      volumes: [
        { ...volume, name: log, sizeBytes },
        { ...volume, name: base },
      ],
      journals: [{ volume: volume.name, log, base, ...(options.group === undefined ? {} : { group: options.group }) }],
    };
  });
}

/** The topology, with local mirrors of `volume`: for each of `names` a volume and a pair of that name. */
export function withLocalMirrors<
  S extends string,
  V extends string,
  L extends string,
  P extends string,
  const G extends string,
>(topology: Topology<S, V, L, P>, volume: NoInfer<V>, names: readonly G[]): Topology<S, V | G, L, P | G> {
  const more = extended(topology, [volume], (source) => ({ volumes: names.map((name) => ({ ...source, name })) }));
  return {
    ...more,
    pairs: [
      ...topology.pairs,
      ...names.map((name) => ({ name, primary: volume, secondary: name, mode: "sync" as const })),
    ],
  };
}

/** The topology, whose remote pairs remember updates by `tracker` (LS-3). */
export function withTracker<T extends Topology>(topology: T, tracker: "bitmap" | "lsn"): T {
  return {
    ...topology,
    pairs: topology.pairs.map((pair) => (pair.link === undefined ? pair : { ...pair, tracker })),
  };
}

/** What a volume brings along; each with a place of its own beside what the system has already. */
type Extras<V extends string, E extends string> = Pick<TopologySystem<string, V | E>, "images" | "journals"> & {
  readonly volumes: readonly TopologyVolume<E>[];
};

function extended<
  S extends string,
  V extends string,
  L extends string,
  P extends string,
  K extends V,
  E extends string,
>(
  topology: Topology<S, V, L, P>,
  volumes: readonly K[],
  extrasOf: (volume: TopologyVolume<K>) => Extras<V, E>,
): Topology<S, V | E, L, P> {
  const isChosen = (one: TopologyVolume<V>): one is TopologyVolume<K> => volumes.some((name) => name === one.name);
  return {
    ...topology,
    systems: topology.systems.map((system) => {
      const extras = system.volumes.filter(isChosen).map(extrasOf);
      const images: TopologyImage<V | E>[] = [
        ...(system.images ?? []),
        ...extras.flatMap(({ images: more = [] }) => more),
      ];
      const journals = [...(system.journals ?? []), ...extras.flatMap(({ journals: more = [] }) => more)];
      return {
        ...system,
        volumes: [...system.volumes, ...extras.flatMap(({ volumes: more }) => more)],
        ...(images.length === 0 ? {} : { images }),
        ...(journals.length === 0 ? {} : { journals }),
      };
    }),
  };
}

/** Room for `bytes` of data, and for tables about them: whole sectors. */
function withTables(bytes: number): number {
  return bytes + Math.ceil(bytes / 8 / 4096) * 4096 + KiB(64);
}
