import type { Recording } from "../../../harness/replay/recording.ts";
import type { DrawnTopology } from "../../../harness/replay/replay-messages.ts";

/** A part of the picture: a line of ticks, of a system. */
export interface Row {
  readonly system: string;
  readonly kind: "hosts" | "system" | "disks";
  readonly label: string;
  readonly y: number;
  readonly height: number;
}

export interface Scene {
  readonly rows: readonly Row[];
  readonly height: number;
  /** Where a system's block begins and ends. */
  readonly blocks: ReadonlyMap<string, { readonly top: number; readonly bottom: number }>;
  /** By anything that a fault can be on: from where to where it is drawn. */
  readonly places: ReadonlyMap<string, { readonly top: number; readonly bottom: number }>;
}

const HEIGHTS = { hosts: 18, system: 26, disks: 18 } as const;
/** Between two systems: there the frames cross. */
const GAP = 64;
const TOP = 18;

/** Lays the lanes out: systems one under the other, what hosts ask above each, what its disks do below. */
export function layOut({ systems, links }: DrawnTopology, recording: Recording): Scene {
  const rows: Row[] = [];
  const blocks = new Map<string, { top: number; bottom: number }>();
  const places = new Map<string, { top: number; bottom: number }>();
  let y = TOP;
  for (const { name: system, volumes } of systems) {
    const top = y;
    const isUsed = recording.actors.some((actor) => volumes.some((volume) => actor === `host/${volume.name}`));
    for (const kind of ["hosts", "system", "disks"] as const) {
      if (kind === "hosts" && !isUsed) continue;
      const height = HEIGHTS[kind];
      rows.push({ system, kind, label: kind === "system" ? system : `${kind} of ${system}`, y, height });
      if (kind === "disks") for (const { name } of volumes) places.set(name, { top: y, bottom: y + height });
      y += height + 2;
    }
    blocks.set(system, { top, bottom: y });
    places.set(system, { top, bottom: y });
    for (const { name } of volumes) places.set(`${system}/${name}`, { top: y - HEIGHTS.disks - 2, bottom: y });
    places.set(`${system}/meta`, { top: y - HEIGHTS.disks - 2, bottom: y });
    y += GAP;
  }
  for (const { name, between } of links) {
    const [one, other] = between.map((system) => blocks.get(system));
    if (one === undefined || other === undefined) continue;
    const [upper, lower] = one.top < other.top ? [one, other] : [other, one];
    places.set(name, { top: upper.bottom, bottom: lower.top });
  }
  return { rows, height: y - GAP + TOP, blocks, places };
}

/** The system that an actor of the history belongs to; `undefined` for the harness and for proxies. */
export function systemOf(actor: string, systems: ReadonlyMap<string, unknown>): string | undefined {
  const parts = actor.split(/[/:]/u);
  const name = parts[0] === "disk" || parts[0] === "net" ? parts[1] : parts[0];
  return name !== undefined && systems.has(name) ? name : undefined;
}
