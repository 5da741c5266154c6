import { NS_PER_MS } from "../../engine/ports/index.ts";
import { type AdminStep, isAdminStep } from "../plan/admin-step.ts";
import type { Step } from "../plan/step.ts";
import type { Topology, TopologyPair } from "../plan/topology.ts";
import { disksIn } from "../plan/system-disks.ts";
import type { PairReport } from "../target/target.ts";
import type { RunSystem, RunWorld } from "../world/run-world.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import type { OperatorsWord } from "./operators-word.ts";
import type { WaitingList } from "./waiting-list.ts";

/** Longer than any moment is waited for: by then the plan itself has ended what it ends. */
const LOOK_NS = 60_000 * NS_PER_MS;
/** Commands to one pair at the end: more would hide one that comes to nothing. */
const COMMANDS_MAX = 3;

/** The system that a host waits for which takes the step, or an operator who starts it; undefined for commands, and for who waits until something is so. */
export function waitedFor(step: Step, world: Pick<RunWorld, "systemOfVolume">): string | undefined {
  if (step.kind === "restart") return step.system;
  return "volume" in step && !isAdminStep(step) ? world.systemOfVolume(step.volume).name : undefined;
}

export interface AttendanceParts {
  readonly world: RunWorld;
  readonly topology: Topology;
  readonly ledger: Pick<FaultLedger, "holdsUp" | "release">;
  readonly waiting: Pick<WaitingList, "begunCount" | "systemsAlone">;
  readonly word: Pick<OperatorsWord, "created" | "unfulfilled" | "mayHaveTwoWriters">;
  /** Grows with every request of a host, and with every one that is done. */
  readonly hostProgress: () => number;
  /** Gives a command of the operator; its refusals are dealt with. */
  readonly give: (step: AdminStep) => Promise<unknown>;
  /** What the plan left undone. */
  readonly onAttended: (message: string) => void;
}

/**
 * The operator of a plan that is `attended`. A failing disk shifts the moments of a plan, so it may leave undone what no
 * engine can do: a system that is down, or a disk that stalls, for ever; a resync that was not carried out; two sides that wrote;
 * a side that is a mixture, and that no resync overwrites.
 * What an engine does by itself it is left to do.
 */
export class Attendance {
  readonly #parts: AttendanceParts;
  readonly #given = new Map<string, number>();
  readonly #underWay = new Set<string>();

  constructor(parts: AttendanceParts) {
    this.#parts = parts;
  }

  /** Looks after hosts that wait in vain, and starts that do, until the function returned is called. */
  begin(): () => void {
    const { world, waiting, hostProgress } = this.#parts;
    let before = -1;
    let cancel: () => void;
    const look = (): void => {
      const now = waiting.begunCount + hostProgress();
      if (now === before) this.#help();
      before = now;
      cancel = world.after(LOOK_NS, look);
    };
    cancel = world.after(LOOK_NS, look);
    return () => cancel();
  }

  /** If systems are all that is waited for, and each of them can go on by nothing but an operator. */
  #help(): void {
    const { world, waiting, ledger, onAttended } = this.#parts;
    const systems = new Set(waiting.systemsAlone().map((name) => world.system(name)));
    const isHeldUp = ({ name, state, serving }: RunSystem): boolean =>
      state === "down" || ledger.holdsUp(this.#namesOf(name), serving !== undefined);
    if (![...systems].every(isHeldUp)) return;
    for (const system of systems) {
      onAttended(`${system.name} was waited for in vain: the operator let it go on`);
      ledger.release(this.#namesOf(system.name), system.serving !== undefined);
      void system.restart();
    }
  }

  /** The system, and its disks. */
  #namesOf(system: string): ReadonlySet<string> {
    const config = this.#parts.topology.systems.find(({ name }) => name === system);
    return new Set([system, ...(config === undefined ? [] : disksIn(config))]);
  }

  /** At the end: gives the commands without which pairs cannot come together. */
  bringTogether(): void {
    for (const pair of this.#parts.topology.pairs) {
      if (pair.link === undefined || this.#underWay.has(pair.name)) continue;
      const step = this.#missingWord(pair);
      const given = this.#given.get(pair.name) ?? 0;
      if (step === undefined || given === COMMANDS_MAX) continue;
      this.#given.set(pair.name, given + 1);
      this.#underWay.add(pair.name);
      this.#parts.onAttended(`${pair.name} was apart at the end: the operator resynchronised it`);
      void this.#parts.give(step).then(() => this.#underWay.delete(pair.name));
    }
  }

  #missingWord({ name }: TopologyPair): AdminStep | undefined {
    const { world, word } = this.#parts;
    const reports = world.systems.flatMap((system) =>
      (system.serving?.pairs() ?? [])
        .filter(({ pair }) => pair === name)
        .map((report) => ({ at: system.name, ...report })),
    );
    const isApart = reports.length === 2 && reports.every(({ status, connected }) => status === "SPLIT" && connected);
    if (!isApart || !word.created.has(name)) return undefined;
    const areAll = (why: string): boolean => reports.every(({ suspension }) => suspension === why);
    const asked = areAll("operator") ? word.unfulfilled(name) : undefined;
    const isDecidable =
      asked !== undefined || areAll("not_consistent") || (areAll("diverged") && word.mayHaveTwoWriters(name));
    if (!isDecidable) return undefined;
    const whole = reports.filter(({ consistent }) => consistent);
    if (whole.length < reports.length) return whole.length === 0 ? undefined : fromWhole(name, reports);
    return asked ?? { kind: "resync", pair: name, direction: "forward" };
  }
}

/** Given at a primary, which takes the command: from there if it is whole, or else from the other side. */
function fromWhole(pair: string, reports: readonly (PairReport & { readonly at: string })[]): AdminStep | undefined {
  const primaries = reports.filter(({ role }) => role === "primary");
  const to = primaries.find(({ consistent }) => consistent) ?? primaries[0];
  return to && { kind: "resync", pair, at: to.at, direction: to.consistent ? "forward" : "reverse" };
}
