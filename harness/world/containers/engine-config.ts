import { metaBytesOf } from "../meta-bytes.ts";
import type { Topology, TopologySystem } from "../../plan/topology.ts";
import { metaDiskOf } from "../../plan/meta-disk.ts";
import { LINK_TLS } from "./link-keys.ts";
import { CONTROL_PORT, MACHINE_FOLDER, NBD_PORT } from "./machine/machine.ts";

/** The token of its control API, in its machine. */
export const TOKEN_FILE = `${MACHINE_FOLDER}/control.token`;

/** The first port of links, in the container that listens as in that of the proxies. */
const LINK_PORT = 9000;

/** The ports of a link, wherever they are listened for: `count` of them. */
export function linkPorts(topology: Topology, link: string, count: number): readonly number[] {
  const first = LINK_PORT + count * topology.links.findIndex(({ name }) => name === link);
  return Array.from({ length: count }, (_, index) => first + index);
}

/** The disks of a system by name: that of its own tables, and one a volume. */
export function disksOf({
  name,
  volumes,
}: TopologySystem): readonly { readonly name: string; readonly group: string; readonly sizeBytes: number }[] {
  const meta = { name: metaDiskOf(name), group: name, sizeBytes: metaBytesOf(volumes) };
  return [
    meta,
    ...volumes.map((volume) => ({ name: `${name}/${volume.name}`, group: name, sizeBytes: volume.sizeBytes })),
  ];
}

export interface EngineSurroundings {
  /** Where it dials every link: a system knows no other one. */
  readonly proxyHost: string;
  /** Where a disk is. */
  readonly urlOf: (disk: string) => string;
}

/** What the engine of a system is told, as its configuration file has it. */
export function engineConfig(
  topology: Topology,
  system: TopologySystem,
  { proxyHost, urlOf }: EngineSurroundings,
): unknown {
  const { name, volumes, images = [], journals = [] } = system;
  const links = topology.links.flatMap(({ name: link, between: [dial, listen] }) => {
    const [port] = linkPorts(topology, link, 1);
    if (dial === name) return [{ name: link, peer: listen, role: "dial", host: proxyHost, port }];
    return listen === name ? [{ name: link, peer: dial, role: "listen", host: "0.0.0.0", port }] : [];
  });
  return {
    name,
    volumes: volumes.map((volume) => ({
      name: volume.name,
      disk: urlOf(`${name}/${volume.name}`),
      size: volume.sizeBytes,
      trackBytes: volume.trackBytes,
      // As in the simulated world; a daemon by itself has larger ones.
      regionBytes: volume.regionBytes ?? volume.trackBytes,
      ...(volume.hotRegions === undefined ? {} : { hotRegions: volume.hotRegions }),
    })),
    meta: { disk: urlOf(metaDiskOf(name)), size: metaBytesOf(volumes) },
    links,
    tls: LINK_TLS,
    images,
    journals,
    nbd: { host: "0.0.0.0", port: NBD_PORT },
    control: { host: "0.0.0.0", port: CONTROL_PORT, tokenFile: TOKEN_FILE },
  };
}
