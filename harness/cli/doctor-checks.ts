import { accessSync, constants, existsSync } from "node:fs";
import { availableParallelism, freemem, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { toolAvailability } from "../oracle/availability.ts";
import { type ProvisionedPart, provisionedParts } from "../world/containers/provisioned.ts";
import { HostAccessError, RunGuards } from "../world/sim/guards.ts";
import type { ProgramParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";

/** One thing that `doctor` looked at. */
export interface DoctorCheck {
  readonly name: string;
  /** `limited`: scenarios run, some judgements stay undecided. `broken`: they cannot run. */
  readonly status: "ok" | "limited" | "broken";
  readonly found: string;
  /** What does not work because of it; "" if all does. */
  readonly lost: string;
  readonly remedy: string;
}

/** As in `package.json`, `engines`. */
const NODE_MIN = [22, 22] as const;
const MEMORY_BYTES_MIN = 2 * 1024 ** 3;

/** Looks at everything that runs depend on; changes nothing. @param out the folder for results */
export async function doctorChecks(parts: ProgramParts, out: string): Promise<readonly DoctorCheck[]> {
  const [tools, provisioned] = await Promise.all([toolAvailability(), provisionedParts()]);
  return [
    nodeCheck(process.versions.node),
    ok("platform", `${process.platform} ${process.arch}, ${availableParallelism()} processors`),
    memoryCheck(totalmem()),
    outCheck(out),
    engineCheck(parts.engineFolder),
    guardCheck(),
    scenarioCheck(parts.scenarios.ids().length),
    ...tools.map((tool): DoctorCheck => {
      if (tool.present) return ok(tool.name, [tool.version, tool.where].filter((part) => part !== "").join(" at "));
      return { name: tool.name, status: "limited", found: "absent", lost: tool.lostWithout, remedy: tool.remedy };
    }),
    ...provisioned.filter(({ name }) => !tools.some((tool) => tool.name === name)).map(provisionedCheck),
  ];
}

/** @param version `24.21.0` */
export function nodeCheck(version: string): DoctorCheck {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const supported = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  if (supported) return ok("Node.js", `${version}, supported`);
  return {
    name: "Node.js",
    status: "broken",
    found: version,
    lost: "scenarios do not run",
    remedy: `use Node.js ${NODE_MIN.join(".")} or later; npm scripts of a checkout bring their own`,
  };
}

function provisionedCheck({ name, suite, present, found, remedy }: ProvisionedPart): DoctorCheck {
  if (present) return ok(name, found);
  return { name, status: "limited", found, lost: LOST_WITHOUT[suite], remedy };
}

const LOST_WITHOUT: Readonly<Record<ProvisionedPart["suite"], string>> = {
  tools: "some tests of the daemon do not run",
  database: "no test of a hunt on many machines runs; a hunt itself may use a server elsewhere",
  containers: "nothing runs on containers",
  mounts: "no test has Linux mount a volume",
};

function memoryCheck(totalBytes: number): DoctorCheck {
  const found = `${gib(totalBytes)} GiB, ${gib(freemem())} GiB free`;
  if (totalBytes >= MEMORY_BYTES_MIN) return ok("memory", found);
  const lost = "large recorded traces may not fit";
  return { name: "memory", status: "limited", found, lost, remedy: "run with --workers 1" };
}

function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}

function outCheck(out: string): DoctorCheck {
  const path = resolve(out);
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return ok("results folder", `${path}, writable`);
  } catch {
    const lost = "run and start refuse to begin";
    return {
      name: "results folder",
      status: "limited",
      found: `${path}, not writable`,
      lost,
      remedy: "give --out DIR",
    };
  }
}

function engineCheck(folder: URL): DoctorCheck {
  try {
    return ok("engine", `source digest ${engineDigest(folder).slice(0, 16)}`);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { name: "engine", status: "broken", found, lost: "nothing runs", remedy: "install resilver again" };
  }
}

/** Guards patch what the runtime provides, so they are tried on this very runtime. */
function guardCheck(): DoctorCheck {
  const guards = new RunGuards();
  const calls: readonly (readonly [name: string, call: () => unknown])[] = [
    ["Date.now", () => Date.now()],
    ["Math.random", () => Math.random()],
    ["performance.now", () => performance.now()],
    ["setTimeout", () => clearTimeout(setTimeout(() => {}))],
  ];
  guards.enter();
  const missed = calls.filter(([, call]) => !throwsHostAccess(call)).map(([name]) => name);
  guards.leave();
  guards.release();
  if (missed.length === 0) return ok("determinism guards", "time, randomness and timers are refused inside a run");
  const found = `${missed.join(", ")} not refused inside a run`;
  const lost = "an engine that uses them is seen only when two runs differ";
  return { name: "determinism guards", status: "limited", found, lost, remedy: "use a supported Node.js" };
}

function throwsHostAccess(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch (error) {
    return error instanceof HostAccessError;
  }
}

function scenarioCheck(count: number): DoctorCheck {
  if (count > 0) return ok("scenarios", `${count} shipped`);
  const lost = "start has nothing to run";
  return { name: "scenarios", status: "broken", found: "none", lost, remedy: "install resilver again" };
}

function ok(name: string, found: string): DoctorCheck {
  return { name, status: "ok", found, lost: "", remedy: "" };
}
