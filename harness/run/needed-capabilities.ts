import type { AnyFault } from "../fault/index.ts";
import type { Condition } from "../plan/condition.ts";
import type { Plan } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import { isMetaDisk } from "../plan/meta-disk.ts";
import type { Capability } from "../target/capability.ts";

/** What the restoring program asks of the systems. */
const RESTORING: readonly Capability[] = ["local-mirror", "split", "resync-reverse"];

/** Of a volume that a node keeps itself: at each look all of it is read. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024;

/** Commands after which hosts may use the secondary. */
const SUSPENDING: ReadonlySet<Step["kind"]> = new Set(["split", "takeover", "failback", "delete"]);

/** What a target must be able to do for the plan to make sense. */
export function neededCapabilities(plan: Plan): ReadonlySet<Capability> {
  const needed = new Set<Capability>();
  const { systems } = plan.topology;
  if (systems.some(({ images = [] }) => images.length > 0)) needed.add("image");
  if (systems.some(({ journals = [] }) => journals.length > 0)) needed.add("journal");
  if (systems.some(({ volumes }) => volumes.some(({ sizeBytes }) => sizeBytes > KEPT_BYTES_MAX)))
    needed.add("volume-disk");
  const suspended = new Set<string>();
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (SUSPENDING.has(step.kind) && "pair" in step) suspended.add(step.pair);
      if (readsSecondary(step, plan, suspended)) needed.add("read-secondary");
      for (const capability of neededBy(step, plan)) needed.add(capability);
      if ("steps" in step) visit(step.steps);
      if (step.kind === "expect-refused" || step.kind === "attempt") visit([step.step]);
    }
  };
  visit(plan.steps);
  for (const expectation of plan.expect) {
    if (expectation.kind === "holds" && isOfSteps(expectation.condition)) needed.add("engine-steps");
    if (expectation.kind === "pause-at-most") needed.add("engine-steps");
    if (expectation.kind === "resync-bytes")
      for (const one of ["link-traffic", "pending-bitmap"] as const) needed.add(one);
  }
  return needed;
}

function neededBy(step: Step, plan: Plan): readonly Capability[] {
  switch (step.kind) {
    case "create":
      return neededByPair(step.pair, plan);
    case "split":
      return step.secondary === "read-write" ? ["split", "split-read-write"] : ["split"];
    case "takeover":
    case "failback":
    case "delete":
      return [step.kind];
    case "resync":
      return step.direction === "reverse" ? ["resync-reverse"] : [];
    case "restore-files":
      return RESTORING;
    case "trim":
    case "write-zeroes":
      return ["trim"];
    case "workload":
      return (step.trim ?? 0) > 0 ? ["trim"] : [];
    case "inject":
      return neededByFault(step.fault);
    case "when":
    case "wait":
    case "throughout":
      if (isOfSteps(step.condition)) return ["engine-steps"];
      return step.condition.kind === "disk-write" ? [diskOf(step.condition.disk)] : [];
    case "link-bytes":
      return ["link-traffic"];
    case "expect-refused":
      return step.code === "REFUSED" ? [] : ["refusal-codes"];
    case "attempt":
      return step.codes.some((code) => code !== "REFUSED") ? ["refusal-codes"] : [];
    default:
      return [];
  }
}

/** Of a pair that no command has suspended yet. */
function readsSecondary(step: Step, { topology }: Plan, suspended: ReadonlySet<string>): boolean {
  if (step.kind !== "read") return false;
  return topology.pairs.some(
    ({ name, link, secondary }) => link !== undefined && secondary === step.volume && !suspended.has(name),
  );
}

/** A pair is made. */
function neededByPair(pair: string, { topology }: Plan): readonly Capability[] {
  const made = topology.pairs.find(({ name }) => name === pair);
  if (made === undefined) return [];
  const { link, mode, tracker } = made;
  if (link === undefined) return ["local-mirror"];
  const isInGroup = topology.pairs.some((other) => other !== made && other.link === link);
  return [
    mode,
    ...(tracker === "lsn" ? (["tracker-lsn"] as const) : []),
    ...(isInGroup ? (["consistency-group"] as const) : []),
  ];
}

/** Only a program that tells of its steps makes it true. */
function isOfSteps({ kind }: Condition): boolean {
  return kind === "engine-step";
}

/** Power is lost by disks, and only by disks of ours. */
function neededByFault(fault: AnyFault): readonly Capability[] {
  if ("disk" in fault) return [diskOf(fault.disk)];
  return fault.kind === "crash" && fault.how === "power" ? ["volume-disk"] : [];
}

/** That what is on it is there where the harness looks: on that of a system's own tables, or on that of a volume. */
function diskOf(disk: string): Capability {
  return isMetaDisk(disk) ? "meta-disk" : "volume-disk";
}
