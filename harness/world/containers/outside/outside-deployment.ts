import { metaBytesOf } from "../../meta-bytes.ts";
import type { Topology, TopologySystem } from "../../../plan/topology.ts";
import { metaDiskOf } from "../../../plan/meta-disk.ts";
import { NODE_CONFIG_PATH, type NodeConfig } from "../../../target/node-config.ts";
import type { OutsideTarget } from "../../../target/outside-target.ts";
import type { DiskStore } from "../disk-store.ts";
import { linkPorts } from "../engine-config.ts";
import { CONTROL_PORT, NBD_PORT } from "../machine/machine.ts";
import type { Stage } from "../stage.ts";
import type { Deployment } from "../system-place.ts";
import { COPIES_PORT, NodePlace } from "./node-place.ts";

export interface OutsideDeploymentParts {
  readonly stage: Pick<Stage, "runtime" | "network" | "toxiproxy">;
  readonly topology: Topology;
  readonly store: Pick<DiskStore, "urlOf">;
  readonly target: OutsideTarget;
}

/** The nodes of an outside target: a container each, made for one world and removed after it. */
export class OutsideDeployment implements Deployment {
  readonly portsPerLink: number;
  readonly #places: ReadonlyMap<string, NodePlace>;

  constructor(parts: OutsideDeploymentParts) {
    const { stage, topology, target } = parts;
    this.portsPerLink = target.manifest.linkPorts;
    this.#places = new Map(
      topology.systems.map((system) => {
        const config = nodeConfig(parts, system);
        const files = { ...Object.fromEntries(target.files), [NODE_CONFIG_PATH]: JSON.stringify(config, null, 2) };
        return [system.name, new NodePlace({ ...stage, system: system.name, target, files })];
      }),
    );
  }

  place(system: string): NodePlace {
    const place = this.#places.get(system);
    if (place === undefined) throw new Error(`no place for ${system}`);
    return place;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#places.values()].map((place) => place.remove()));
  }
}

/** What the node of a system is told. */
function nodeConfig({ stage, topology, store, target }: OutsideDeploymentParts, system: TopologySystem): NodeConfig {
  const { name, volumes } = system;
  const { linkPorts: count, settings } = target.manifest;
  const isOnDisks = target.capabilities.has("volume-disk");
  const links = topology.links.flatMap(({ name: link, between: [dial, listen] }): NodeConfig["links"] => {
    const ports = [...linkPorts(topology, link, count)];
    const proxy = stage.toxiproxy.container.address;
    if (dial === name) return [{ name: link, peer: listen, role: "dial", host: proxy, ports }];
    return listen === name ? [{ name: link, peer: dial, role: "listen", host: "0.0.0.0", ports }] : [];
  });
  return {
    name,
    volumes: volumes.map((volume) => ({
      name: volume.name,
      ...(isOnDisks ? { disk: store.urlOf(`${name}/${volume.name}`) } : {}),
      sizeBytes: volume.sizeBytes,
      trackBytes: volume.trackBytes,
    })),
    links,
    meta: { disk: store.urlOf(metaDiskOf(name)), sizeBytes: metaBytesOf(volumes) },
    control: { port: CONTROL_PORT },
    nbd: { port: NBD_PORT },
    ...(isOnDisks ? {} : { copies: { port: COPIES_PORT } }),
    settings,
  };
}
