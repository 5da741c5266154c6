import type { EventLog } from "../history/event-log.ts";
import { type AnyFault, faultOf } from "../fault/index.ts";
import type { Topology } from "../plan/topology.ts";
import type { RunObserver } from "../run/run-observer.ts";
import type { RunSystem, RunWorld } from "../world/run-world.ts";
import type { Pump } from "../world/sim/pump.ts";
import { SimWorld } from "../world/sim/sim-world.ts";
import { CellMaps } from "./cell-maps.ts";
import type { FaultBand, Recording, SystemEntry, SystemReport } from "./recording.ts";

/** Changes of what systems say of themselves that are kept. */
const ENTRIES_MAX = 100_000;

interface Running {
  readonly fault: AnyFault;
  readonly fromNs: number;
}

/** The world while a run goes on, and its log. */
interface Looked {
  readonly world: RunWorld;
  readonly log: EventLog;
  readonly cells: CellMaps;
}

/** Looks at everything there is after each event of a run in the simulated world, and keeps what has changed. */
export class Recorder implements RunObserver {
  readonly #topology: Topology;
  #looked: Looked | undefined;
  readonly #entries: SystemEntry[] = [];
  /** By system: what was kept last. */
  readonly #last = new Map<string, SystemEntry>();
  readonly #bands: FaultBand[] = [];
  readonly #running: Running[] = [];

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** A pump that has this look after every turn and all that followed from it. */
  pump(inner: Pump): Pump {
    return (turn, scope) =>
      inner(() => {
        this.#look();
        return turn();
      }, scope);
  }

  begin(world: RunWorld): void {
    if (!(world instanceof SimWorld)) throw new Error("a recorder looks at the simulated world only");
    this.#looked = { world, log: world.scheduler.log, cells: new CellMaps(world, this.#topology) };
  }

  step(): void {
    // What it changed is seen after the turn.
  }

  struck(fault: AnyFault): void {
    this.#running.push({ fault, fromNs: this.#nowNs() });
  }

  healed(fault: AnyFault): void {
    const index = this.#running.findLastIndex((running) => running.fault === fault);
    const [running] = index < 0 ? [] : this.#running.splice(index, 1);
    if (running !== undefined) this.#band(running);
  }

  /** What was seen. Faults that nobody healed end now. */
  seen(): Pick<Recording, "systems" | "bands" | "maps" | "cells" | "cutShort"> {
    for (const running of this.#running.splice(0)) this.#band(running);
    const { cells } = this.#looked ?? {};
    if (cells === undefined) throw new Error("the run did not begin");
    const isShort = cells.isFull || this.#entries.length >= ENTRIES_MAX;
    return {
      systems: this.#entries,
      bands: this.#bands.toSorted((one, other) => one.fromNs - other.fromNs),
      maps: cells.maps,
      cells: cells.columns(),
      cutShort: isShort ? "the run is so long that maps and tables do not change any more towards its end" : "",
    };
  }

  #look(): void {
    if (this.#looked === undefined) return;
    const { world, log, cells } = this.#looked;
    const event = log.count - 1;
    let isChanged = false;
    for (const system of world.systems) if (this.#lookAt(system, event)) isChanged = true;
    cells.sample(event, isChanged);
  }

  /** True if it says something else than before. */
  #lookAt(system: RunSystem, event: number): boolean {
    if (this.#entries.length >= ENTRIES_MAX) return false;
    const { name, state } = system;
    const report = reportOf(system);
    const last = this.#last.get(name);
    if (last !== undefined && last.state === state && isSame(last.report, report)) return false;
    const entry = { event, system: name, state, report };
    this.#last.set(name, entry);
    this.#entries.push(entry);
    return true;
  }

  #band({ fault, fromNs }: Running): void {
    // A crash is a moment; how long the system is down after it is told by its state.
    const toNs = fault.kind === "crash" ? fromNs : this.#nowNs();
    this.#bands.push({ kind: fault.kind, on: faultOf(fault).on(fault), fromNs, toNs });
  }

  #nowNs(): number {
    return this.#looked?.world.nowNs() ?? 0;
  }
}

function reportOf({ serving }: RunSystem): SystemReport | undefined {
  if (serving === undefined) return undefined;
  return {
    pairs: serving.pairs(),
    // The clock runs on; it is no change of the journal.
    journals: serving.journals().map((journal) => ({ ...journal, nowUs: 0 })),
    images: serving.images(),
    restores: serving.restores().map(({ volume, from, doneTracks, totalTracks }) => ({
      volume,
      from,
      doneTracks,
      totalTracks,
    })),
  };
}

/** Of plain data with the same keys in the same order. Asked after every event, so without anything that takes time. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  for (const key of keys)
    if (!isSame((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key])) return false;
  return true;
}
