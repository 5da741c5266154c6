import type { AdminStep } from "./admin-step.ts";
import { checkRoom } from "./check-room.ts";
import { checkTopology, type KnownNames, known } from "./check-topology.ts";
import type { Condition } from "./condition.ts";
import type { Expectation } from "./expectation.ts";
import { checkFiles, isFileStep } from "./file-step.ts";
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
  checkRoom(plan.topology);
  const marks = marksOf(plan.steps);
  let stepCount = 0;
  const visit = (step: Step, path: string): void => {
    stepCount++;
    if (stepCount > STEPS_MAX) throw new PlanError(path, `more than ${STEPS_MAX} steps`, `at most ${STEPS_MAX}`);
    checkStep(names, step, path);
    if (isFileStep(step)) checkFiles(step, plan.topology, path);
    if ((step.kind === "recover" || step.kind === "recover-group") && "mark" in step.to)
      marked(marks, step.to.mark, step.volume, `${path}.to.mark`);
    if ("steps" in step) step.steps.forEach((inner, index) => visit(inner, `${path}.steps[${index}]`));
    if (step.kind === "expect-refused" || step.kind === "attempt") visit(step.step, `${path}.step`);
  };
  plan.steps.forEach((step, index) => visit(step, `steps[${index}]`));
  plan.expect.forEach((expectation, index) => {
    const path = `expect[${index}]`;
    if ("volume" in expectation) known(names.volumes, expectation.volume, `${path}.volume`, "volume");
    if ("other" in expectation) known(names.volumes, expectation.other, `${path}.other`, "volume");
    if ("link" in expectation) known(names.links, expectation.link, `${path}.link`, "link");
    if ("system" in expectation) known(names.systems, expectation.system, `${path}.system`, "system");
    if (expectation.kind === "unchanged") marked(marks, expectation.since, expectation.volume, `${path}.since`);
    if (expectation.kind === "holds") checkCondition(names, expectation.condition, `${path}.condition`);
    if (expectation.kind === "files-hold") checkFiles(expectation, plan.topology, path);
  });
}

/** By label: the volumes that it marks. */
function marksOf(steps: readonly Step[]): ReadonlyMap<string, readonly string[]> {
  const marks = new Map<string, readonly string[]>();
  let level: readonly Step[] = steps;
  // Bounded: the depth of a plan is.
  while (level.length > 0) {
    for (const step of level)
      if (step.kind === "mark") marks.set(step.label, [...(marks.get(step.label) ?? []), ...step.volumes]);
    level = level.flatMap((step) => ("steps" in step ? step.steps : []));
  }
  return marks;
}

/** @throws PlanError if no step marks the volume with this label */
function marked(marks: ReadonlyMap<string, readonly string[]>, label: string, volume: string, path: string): void {
  const volumes = known(marks, label, path, "mark");
  if (!volumes.includes(volume))
    throw new PlanError(path, `${formatFound(label)}, a mark of ${volumes.join(", ")}`, `a mark of ${volume}`);
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
      if (step.fault.kind === "crash")
        for (const { disk } of [...(step.fault.survive ?? []), ...(step.fault.lose ?? [])])
          known(names.disks, disk, `${path}.fault`, "disk");
      return;
    case "restart":
      known(names.systems, step.system, `${path}.system`, "system");
      return;
    case "create":
    case "split":
    case "resync":
    case "takeover":
    case "failback":
    case "delete":
    case "backup":
    case "restore":
    case "rollback":
    case "recover":
    case "recover-group":
      checkAdminStep(names, step, path);
      return;
    case "mark":
      step.volumes.forEach((volume, index) => known(names.volumes, volume, `${path}.volumes[${index}]`, "volume"));
      return;
    case "read-image":
      known(names.images, step.volume, `${path}.volume`, "volume with an image");
      return;
    case "steady":
      step.pairs.forEach((pair, index) => known(names.pairs, pair, `${path}.pairs[${index}]`, "pair"));
      return;
    case "wait":
    case "when":
    case "throughout":
      checkCondition(names, step.condition, `${path}.condition`);
      return;
    case "link-bytes":
      known(names.links, step.link, `${path}.link`, "link");
      return;
    case "expect-refused":
    case "attempt":
      if ("steps" in step.step || "step" in step.step)
        throw new PlanError(`${path}.step`, `a ${step.step.kind} step`, "a command or one host request");
      return;
    case "write-files":
    case "remove-files":
    case "mount":
    case "dismount":
    case "restore-files":
    case "heal":
    case "together":
    case "sequence":
    case "after":
    case "repeat":
      return;
  }
}

function checkAdminStep(names: KnownNames, step: AdminStep, path: string): void {
  if (step.at !== undefined) known(names.systems, step.at, `${path}.at`, "system");
  if ("pair" in step) {
    const pair = known(names.pairs, step.pair, `${path}.pair`, "pair");
    if (step.kind === "restore" && pair.link !== undefined)
      throw new PlanError(`${path}.pair`, `${formatFound(step.pair)}, a remote mirror`, "a local mirror");
  }
  switch (step.kind) {
    case "backup":
      step.mirrors.forEach((name, index) => {
        const place = `${path}.mirrors[${index}]`;
        if (known(names.pairs, name, place, "pair").link !== undefined)
          throw new PlanError(place, `${formatFound(name)}, a remote mirror`, "a local mirror");
      });
      step.pairs?.forEach((name, index) => known(names.pairs, name, `${path}.pairs[${index}]`, "pair"));
      return;
    case "rollback":
      known(names.images, step.volume, `${path}.volume`, "volume with an image");
      return;
    case "recover":
      known(names.journals, step.volume, `${path}.volume`, "volume with a journal");
      return;
    case "recover-group":
      if (known(names.journals, step.volume, `${path}.volume`, "volume with a journal").group === undefined)
        throw new PlanError(`${path}.volume`, formatFound(step.volume), "a volume whose journal is of a group");
      return;
    default:
      return;
  }
}

function checkCondition(names: KnownNames, condition: Condition, path: string): void {
  if (condition.kind === "image") known(names.images, condition.volume, `${path}.volume`, "volume with an image");
  if (condition.kind === "journal") known(names.journals, condition.volume, `${path}.volume`, "volume with a journal");
  if ("disk" in condition) known(names.disks, condition.disk, `${path}.disk`, "disk");
  if (condition.kind === "sent") {
    const ends = known(names.links, condition.link, `${path}.link`, "link");
    if (!ends.includes(condition.system))
      throw new PlanError(
        `${path}.system`,
        formatFound(condition.system),
        `an end of ${condition.link}: ${ends.join(" or ")}`,
      );
  }
  if ("pair" in condition) known(names.pairs, condition.pair, `${path}.pair`, "pair");
  if ("volume" in condition) known(names.volumes, condition.volume, `${path}.volume`, "volume");
  if ("system" in condition) known(names.systems, condition.system, `${path}.system`, "system");
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
