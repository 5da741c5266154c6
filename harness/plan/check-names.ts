import type { Condition } from "./condition.ts";
import type { Expectation } from "./expectation.ts";
import { formatFound, PlanError } from "./plan-error.ts";
import type { Step } from "./step.ts";
import { STEPS_MAX } from "./step-schema.ts";
import type { Topology } from "./topology.ts";

/** The parts of a plan that name things. */
export interface NamedParts {
  readonly topology: Topology;
  readonly steps: readonly Step[];
  readonly expect: readonly Expectation[];
}

/**
 * Every name in the plan means something, ranges lie inside their volumes, pairs fit their volumes
 * and links. @throws PlanError
 */
export function checkNames(plan: NamedParts): void {
  const names = checkTopology(plan.topology);
  let stepCount = 0;
  const visit = (step: Step, path: string): void => {
    stepCount++;
    if (stepCount > STEPS_MAX) throw new PlanError(path, `more than ${STEPS_MAX} steps`, `at most ${STEPS_MAX}`);
    checkStep(names, step, path);
    if ("steps" in step) step.steps.forEach((inner, index) => visit(inner, `${path}.steps[${index}]`));
    if (step.kind === "expect-refused") visit(step.step, `${path}.step`);
  };
  plan.steps.forEach((step, index) => visit(step, `steps[${index}]`));
  plan.expect.forEach((expectation, index) => {
    const path = `expect[${index}]`;
    if (expectation.kind === "oracle") known(names.volumes, expectation.volume, `${path}.volume`, "volume");
    if (expectation.kind === "holds") checkCondition(names, expectation.condition, `${path}.condition`);
  });
}

interface KnownNames {
  readonly systems: ReadonlyMap<string, true>;
  /** By name: the size. */
  readonly volumes: ReadonlyMap<string, number>;
  readonly links: ReadonlyMap<string, readonly [string, string]>;
  readonly pairs: ReadonlyMap<string, true>;
  readonly disks: ReadonlyMap<string, true>;
}

function checkTopology(topology: Topology): KnownNames {
  const systems = new Map<string, true>();
  const volumes = new Map<string, number>();
  const systemOfVolume = new Map<string, string>();
  const links = new Map<string, readonly [string, string]>();
  const pairs = new Map<string, true>();
  const disks = new Map<string, true>();
  topology.systems.forEach((system, index) => {
    fresh(systems, system.name, `topology.systems[${index}].name`, "system");
    systems.set(system.name, true);
    disks.set(`${system.name}/meta`, true);
    system.volumes.forEach((volume, volumeIndex) => {
      fresh(volumes, volume.name, `topology.systems[${index}].volumes[${volumeIndex}].name`, "volume");
      volumes.set(volume.name, volume.sizeBytes);
      systemOfVolume.set(volume.name, system.name);
      disks.set(volume.name, true);
    });
  });
  topology.links.forEach((link, index) => {
    const path = `topology.links[${index}]`;
    fresh(links, link.name, `${path}.name`, "link");
    known(systems, link.between[0], `${path}.between[0]`, "system");
    known(systems, link.between[1], `${path}.between[1]`, "system");
    if (link.between[0] === link.between[1])
      throw new PlanError(`${path}.between[1]`, formatFound(link.between[1]), "another system than the first");
    links.set(link.name, link.between);
  });
  topology.pairs.forEach((pair, index) => {
    const path = `topology.pairs[${index}]`;
    fresh(pairs, pair.name, `${path}.name`, "pair");
    const primaryBytes = known(volumes, pair.primary, `${path}.primary`, "volume");
    const secondaryBytes = known(volumes, pair.secondary, `${path}.secondary`, "volume");
    if (primaryBytes !== secondaryBytes)
      throw new PlanError(`${path}.secondary`, `${secondaryBytes} bytes`, `${primaryBytes} bytes, as the primary`);
    const ends = [systemOfVolume.get(pair.primary) ?? "", systemOfVolume.get(pair.secondary) ?? ""];
    if (pair.link === undefined) {
      if (ends[0] !== ends[1])
        throw new PlanError(
          `${path}.link`,
          `no link between ${ends.join(" and ")}`,
          "a link, or volumes of one system",
        );
    } else {
      const between = known(links, pair.link, `${path}.link`, "link");
      if (ends.toSorted().join(" ") !== between.toSorted().join(" "))
        throw new PlanError(
          `${path}.link`,
          `a link between ${between.join(" and ")}`,
          `one between ${ends.join(" and ")}`,
        );
    }
    pairs.set(pair.name, true);
  });
  return { systems, volumes, links, pairs, disks };
}

function checkStep(names: KnownNames, step: Step, path: string): void {
  switch (step.kind) {
    case "write":
    case "read":
    case "trim":
    case "write-zeroes":
      inside(names, step.volume, step, path);
      return;
    case "workload":
      known(names.volumes, step.volume, `${path}.volume`, "volume");
      if (step.range !== undefined) inside(names, step.volume, step.range, `${path}.range`, `${path}.volume`);
      return;
    case "fill":
    case "flush":
    case "trace":
      known(names.volumes, step.volume, `${path}.volume`, "volume");
      return;
    case "inject":
      if ("link" in step.fault) known(names.links, step.fault.link, `${path}.fault.link`, "link");
      if ("disk" in step.fault) known(names.disks, step.fault.disk, `${path}.fault.disk`, "disk");
      if ("system" in step.fault) known(names.systems, step.fault.system, `${path}.fault.system`, "system");
      return;
    case "restart":
      known(names.systems, step.system, `${path}.system`, "system");
      return;
    case "create":
    case "split":
    case "resync":
    case "takeover":
    case "failback":
      known(names.pairs, step.pair, `${path}.pair`, "pair");
      if (step.at !== undefined) known(names.systems, step.at, `${path}.at`, "system");
      return;
    case "wait":
    case "when":
      checkCondition(names, step.condition, `${path}.condition`);
      return;
    case "expect-refused":
      if ("steps" in step.step || "step" in step.step)
        throw new PlanError(`${path}.step`, `a ${step.step.kind} step`, "a command or one host request");
      return;
    case "heal":
    case "together":
    case "sequence":
    case "after":
    case "repeat":
      return;
  }
}

function checkCondition(names: KnownNames, condition: Condition, path: string): void {
  if ("pair" in condition) known(names.pairs, condition.pair, `${path}.pair`, "pair");
  if ("volume" in condition) known(names.volumes, condition.volume, `${path}.volume`, "volume");
  if ("system" in condition) known(names.systems, condition.system, `${path}.system`, "system");
}

function known<V>(names: ReadonlyMap<string, V>, name: string, path: string, what: string): V {
  const value = names.get(name);
  if (value === undefined)
    throw new PlanError(
      path,
      `unknown ${what} ${formatFound(name)}`,
      names.size === 0 ? `a ${what}, but the topology has none` : `one of ${[...names.keys()].join(", ")}`,
    );
  return value;
}

function fresh(names: ReadonlyMap<string, unknown>, name: string, path: string, what: string): void {
  if (names.has(name))
    throw new PlanError(path, `a second ${what} ${formatFound(name)}`, `a name that no other ${what} has`);
}

function inside(
  names: KnownNames,
  volume: string,
  range: { readonly offsetBytes: number; readonly lengthBytes: number },
  path: string,
  volumePath = `${path}.volume`,
): void {
  const sizeBytes = known(names.volumes, volume, volumePath, "volume");
  const end = range.offsetBytes + range.lengthBytes;
  if (end > sizeBytes)
    throw new PlanError(`${path}.lengthBytes`, `an end at byte ${end}`, `an end inside ${volume}, ${sizeBytes} bytes`);
}
