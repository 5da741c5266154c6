import { readFileSync } from "node:fs";
import { hostname } from "node:os";

const RUN = "resilver.run";
const OWNER_HOST = "resilver.owner.host";
const OWNER_PID = "resilver.owner.pid";
const OWNER_STARTED = "resilver.owner.started";

/** The label that everything of any run has. */
export const RUN_LABEL = RUN;

/** Labels of everything that one run makes: whose it is, and which process answers for it. */
export function runLabels(runId: string): Record<string, string> {
  return {
    [RUN]: runId,
    [OWNER_HOST]: hostname(),
    [OWNER_PID]: String(process.pid),
    [OWNER_STARTED]: startOf(process.pid),
  };
}

/**
 * True if the process that made something with these labels is known to be gone. What another machine
 * made through the same engine is not ours to judge.
 */
export function isOrphaned(labels: Readonly<Record<string, string>>): boolean {
  if (labels[RUN] === undefined || labels[OWNER_HOST] !== hostname()) return false;
  const pid = Number(labels[OWNER_PID]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  return !isAlive(pid) || startOf(pid) !== labels[OWNER_STARTED];
}

/** True if this process made something with these labels. */
export function isOwn(labels: Readonly<Record<string, string>>): boolean {
  return labels[OWNER_HOST] === hostname() && labels[OWNER_PID] === String(process.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started, so that a later one with the same number is told from it; "" where it cannot be known. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before it may hold spaces and brackets; `starttime` is the 20th field after the last bracket.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
