import { type AnyFault, faultOf } from "../fault/index.ts";
import { MIRROR_STATES, type MirrorState, type Struck } from "../history/mirror-state.ts";
import type { FaultRecord } from "../history/run-record.ts";
import type { Step } from "../plan/step.ts";
import type { Injection, World } from "../world/world.ts";

interface Running {
  readonly fault: AnyFault;
  readonly label: string;
  readonly injection: Injection;
  healed: boolean;
  /** What mirrors were like; `undefined` if nobody measures that. */
  readonly state: MirrorState | undefined;
}

const HOLDING: ReadonlySet<AnyFault["kind"]> = new Set(["pause", "stall"]);
const REFUSING: ReadonlySet<AnyFault["kind"]> = new Set(["eio", "enospc"]);

/**
 * Every fault of a run: planned, injected, healed, and whether it did anything. A fault that the
 * plan has and that never struck counts as injected 0 times (HX-11).
 */
export class FaultLedger {
  readonly #world: World;
  readonly #planned = new Map<string, { readonly kind: string; readonly on: string }>();
  readonly #all: Running[] = [];
  readonly #onHealed: (fault: AnyFault) => void;
  readonly #stateNow: () => MirrorState | undefined;

  constructor(
    world: World,
    steps: readonly Step[],
    onHealed: (fault: AnyFault) => void = () => {},
    stateNow: () => MirrorState | undefined = () => undefined,
  ) {
    this.#world = world;
    this.#onHealed = onHealed;
    this.#stateNow = stateNow;
    this.#plan(steps);
  }

  inject(fault: AnyFault, label: string | undefined): void {
    // Before it strikes: a crash leaves nobody to ask.
    const state = this.#stateNow();
    const injection = faultOf(fault).apply(this.#world, fault);
    this.#all.push({ fault, label: label ?? this.#on(fault), injection, healed: false, state });
  }

  /** Ends the running faults with this label, or on what has this name. Latest first, as they nest. */
  heal(label: string): void {
    for (const running of this.#all.toReversed()) {
      if (running.label === label || this.#on(running.fault) === label) this.#heal(running);
    }
  }

  healAll(): void {
    for (const running of this.#all.toReversed()) this.#heal(running);
  }

  /**
   * True if what waits for one of these, a system and its disks, waits as long as a fault lasts: a pause, a stall; of a
   * system that does not serve, what its disks refuse: it may be why.
   */
  holdsUp(names: ReadonlySet<string>, isServing: boolean): boolean {
    return this.#holding(names, isServing).length > 0;
  }

  /** Ends what {@link holdsUp} tells of. */
  release(names: ReadonlySet<string>, isServing: boolean): void {
    for (const running of this.#holding(names, isServing).toReversed()) this.#heal(running);
  }

  #holding(names: ReadonlySet<string>, isServing: boolean): readonly Running[] {
    const holds = ({ kind }: AnyFault): boolean => HOLDING.has(kind) || (!isServing && REFUSING.has(kind));
    return this.#all.filter(({ fault, healed }) => !healed && holds(fault) && names.has(this.#on(fault)));
  }

  /** What the faults that were injected acted on, by their kind. */
  struck(): ReadonlyMap<string, readonly string[]> {
    const struck = new Map<string, string[]>();
    for (const { fault } of this.#all) struck.set(fault.kind, [...(struck.get(fault.kind) ?? []), this.#on(fault)]);
    return struck;
  }

  /** True if a disk fault struck: a host may then see EIO. */
  get anyDiskFault(): boolean {
    return this.#all.some(({ fault }) => "disk" in fault);
  }

  /** By kind and what it acted on, in the order of the plan. */
  records(): FaultRecord[] {
    return [...this.#planned.values()].map(({ kind, on }) => {
      const injected = this.#all.filter(({ fault }) => fault.kind === kind && this.#on(fault) === on);
      const effective = injected.filter(({ fault, injection }) => faultOf(fault).effective(injection.effects()));
      const counted = { kind, on, injected: injected.length, effective: effective.length };
      const struck = struckOf(injected, effective);
      return struck === undefined ? counted : { ...counted, struck };
    });
  }

  #heal(running: Running): void {
    if (running.healed) return;
    running.healed = true;
    running.injection.heal();
    this.#onHealed(running.fault);
  }

  #on(fault: AnyFault): string {
    return faultOf(fault).on(fault);
  }

  #plan(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === "inject") {
        const { kind } = step.fault;
        const on = this.#on(step.fault);
        this.#planned.set(`${kind} ${on}`, { kind, on });
      }
      if ("steps" in step) this.#plan(step.steps);
    }
  }
}

function struckOf(injected: readonly Running[], effective: readonly Running[]): Struck | undefined {
  if (injected.every(({ state }) => state === undefined)) return undefined;
  const inState = (all: readonly Running[], state: MirrorState): number =>
    all.filter((running) => running.state === state).length;
  return Object.fromEntries(
    MIRROR_STATES.flatMap((state) => {
      const count = inState(injected, state);
      return count === 0 ? [] : [[state, [count, inState(effective, state)]]];
    }),
  );
}
