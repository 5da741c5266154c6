import type { WorldListener } from "./run-world.ts";

/** Writes down what it is told, as `down a kill`, `up b`, `cut link`, `healed link`; steps are left out. */
export function tellingListener(told: string[], onTargetFailed: (error: unknown) => void): WorldListener {
  return {
    systemDown: (system, kind) => told.push(`down ${system} ${kind}`),
    systemUp: (system) => told.push(`up ${system}`),
    linkCut: (link) => told.push(`cut ${link}`),
    linkHealed: (link) => told.push(`healed ${link}`),
    step: () => {},
    targetFailed: (_system, error) => onTargetFailed(error),
  };
}
