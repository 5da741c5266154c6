import type { Capability } from "./capability.ts";
import type { NodeStatus, NodeTracks } from "./node-status.ts";
import type { AdminCommand } from "./target.ts";
import type { TargetManifest } from "./target-manifest.ts";

/** A replication engine that runs as programs of its own, one node a system, in the world of containers (HX-10). */
export interface OutsideTarget {
  readonly name: string;
  /** Identifies manifest and files; part of every replay token. Hexadecimal. */
  readonly digest: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly manifest: TargetManifest;
  /** Path in the container of a node → content. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * The administrator's side of one node that runs. The protocol over HTTP is one implementation; hosts use NBD, and the
 * bytes of volumes are read from their disks.
 */
export interface NodeControl {
  /** @throws NodeSilent */
  status(): Promise<NodeStatus>;
  /** @throws AdminError: refused, and nothing changed; NodeSilent */
  execute(command: AdminCommand): Promise<void>;
  /** @throws NodeSilent */
  pending(pair: string): Promise<NodeTracks | undefined>;
}

/** A node gave no answer that can be used. */
export class NodeSilent extends Error {
  /** True if it surely never heard the request. */
  readonly isUnasked: boolean;

  constructor(message: string, isUnasked: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = "NodeSilent";
    this.isUnasked = isUnasked;
  }
}
