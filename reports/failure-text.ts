import type { BlockBlame, Failure, RunRecord } from "../harness/history/run-record.ts";

/**
 * A run that did not pass, as text: its replay command first (rule 12), then each failure with its
 * blame. Deterministic; no colour.
 *
 * @param replayCommand the whole command
 */
export function failureText(run: RunRecord, replayCommand: string): string {
  const lines = [`replay with: ${replayCommand}`, `${run.verdict}  ${run.id}  seed ${run.seed}  ${run.scenario}`];
  for (const failure of run.failures) {
    lines.push(`  ${failureTitle(failure)}`);
    for (const blame of failure.blame) lines.push(...blameLines(blame));
  }
  for (const oracle of run.oracles)
    if (oracle.verdict !== "PASS")
      lines.push(
        `  ${oracle.oracle}: ${oracle.verdict}, ${oracle.accepted} of ${oracle.judged} accepted; ${oracle.detail}`,
      );
  const idle = idleFaults(run);
  if (idle !== "") lines.push(`  vacuous: no effect was seen of ${idle}`);
  return lines.join("\n");
}

/** One line: `rule C at 1200.5 ms: 3 sectors differ`. */
export function failureTitle(failure: Failure): string {
  const rule = failure.rule.length === 1 ? `invariant ${failure.rule}` : failure.rule;
  return `${rule} at ${(failure.timeNs / 1e6).toFixed(3)} ms: ${failure.message}`;
}

/** The faults without observed effect, `cut on link, eio on a/pvol (never injected)`; empty if there is none. */
export function idleFaults(run: RunRecord): string {
  return run.faults
    .filter((fault) => fault.effective === 0)
    .map((fault) => `${fault.kind} on ${fault.on}${fault.injected === 0 ? " (never injected)" : ""}`)
    .join(", ");
}

function blameLines(blame: BlockBlame): string[] {
  return [
    `    ${blame.volume} bytes ${blame.offsetBytes}..${blame.offsetBytes + blame.lengthBytes}`,
    `      found     ${blame.found}`,
    `      expected  ${blame.expected}`,
    `      cause     ${blame.cause}`,
  ];
}
