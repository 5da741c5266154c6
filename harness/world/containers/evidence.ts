import type { Topology, TopologySystem } from "../../plan/topology.ts";
import { isMetaDisk } from "../../plan/meta-disk.ts";
import type { DiskView } from "../run-world.ts";
import { bytesView, differences } from "../sim/disk/index.ts";
import type { ContainerWorld } from "./container-world.ts";
import { disksOf } from "./engine-config.ts";
import type { Stage } from "./stage.ts";

/** One file of what was found when a run failed. */
export interface EvidenceFile {
  /** A path, of letters, digits, `.`, `-` and `/`. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** The last ones of a log. */
const LOG_LINES_MAX = 100_000;
/** A larger disk is told of, and not copied. */
const DISK_BYTES_MAX = 64 * 1024 * 1024;
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Everything about the world as it is now, with nothing healed: logs of all containers, what Toxiproxy and the engines
 * say of themselves, and all disks. What cannot be had (a paused engine answers nobody) is a file that says why.
 */
export async function evidenceOf(
  world: ContainerWorld,
  stage: Stage,
  topology: Topology,
): Promise<readonly EvidenceFile[]> {
  const { toxiproxy, faultDisk } = stage;
  const states = world.systems.map(({ name, state }) => ({ system: name, state }));
  const asked: readonly (readonly [name: string, ask: () => Promise<string | Uint8Array>])[] = [
    ["systems.json", async () => json(states)],
    ["toxiproxy.json", async () => json(await toxiproxy.api.proxies())],
    ["toxiproxy.log", () => toxiproxy.container.logs(LOG_LINES_MAX)],
    ["fault-disk.log", () => faultDisk.container.logs(LOG_LINES_MAX)],
    ...world.systems.flatMap((system) => [
      [`engine-${system.name}.log`, () => system.logs(LOG_LINES_MAX)] as const,
      [`engine-${system.name}.json`, async () => json(await system.tables())] as const,
    ]),
    ...(world.isKeptByNodes ? topology.systems.flatMap((system) => seenOf(world, system)) : []),
    ...topology.systems
      .flatMap(disksOf)
      .filter(({ name }) => !world.isKeptByNodes || isMetaDisk(name))
      .flatMap(({ name, sizeBytes }) => [
        [`disks/${name}.bin`, () => contentOf(stage, name, sizeBytes, "visible")] as const,
        [`disks/${name}.durable.bin`, () => contentOf(stage, name, sizeBytes, "durable")] as const,
        [`disks/${name}.json`, async () => json(await faultDisk.client.state(name))] as const,
      ]),
  ];
  const files = await Promise.all(
    asked.map(async ([name, ask]): Promise<EvidenceFile> => {
      try {
        return { name, content: await ask() };
      } catch (error) {
        return { name: `${name}.missing.txt`, content: `${error instanceof Error ? error.message : String(error)}\n` };
      }
    }),
  );
  return [...files, { name: "differences.json", content: json(differencesOf(topology, files)) }];
}

/** Of volumes that a node keeps itself: what was seen last. */
function seenOf(world: ContainerWorld, { name: system, volumes }: TopologySystem) {
  return volumes.map(
    ({ name, sizeBytes }) =>
      [`disks/${system}/${name}.bin`, async () => world.view(name).peek(0, sizeBytes).slice()] as const,
  );
}

async function contentOf(
  { faultDisk }: Stage,
  disk: string,
  sizeBytes: number,
  version: "visible" | "durable",
): Promise<Uint8Array> {
  if (sizeBytes > DISK_BYTES_MAX) throw new Error(`${sizeBytes} bytes, of at most ${DISK_BYTES_MAX} a copy is kept`);
  const content = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += PIECE_BYTES) {
    const { bytes } = await faultDisk.client.content(disk, at, Math.min(PIECE_BYTES, sizeBytes - at), version);
    content.set(bytes, at);
  }
  return content;
}

/** By pair: the runs of sectors in which its two volumes differ. */
function differencesOf({ systems, pairs }: Topology, files: readonly EvidenceFile[]): unknown {
  const viewOf = (volume: string): DiskView | undefined => {
    const owner = systems.find(({ volumes }) => volumes.some(({ name }) => name === volume));
    const content = files.find(({ name }) => name === `disks/${owner?.name ?? ""}/${volume}.bin`)?.content;
    return content instanceof Uint8Array ? bytesView(content) : undefined;
  };
  return pairs.map(({ name, primary, secondary }) => {
    const [left, right] = [viewOf(primary), viewOf(secondary)];
    return {
      pair: name,
      primary,
      secondary,
      differing: left === undefined || right === undefined ? "not known" : differences(left, right),
    };
  });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
