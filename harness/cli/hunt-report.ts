import { GOALS } from "../hunt/goals.ts";
import type { HuntDocument } from "./hunt-document.ts";

/** Groups of failures told in full; the others are in the document. */
const GROUPS_SHOWN_MAX = 10;

/** For people: failures first, each with its replay command before it; what the campaign came to last. */
export function huntText(document: Omit<HuntDocument, "runs">, out: string): string {
  const { groups, faults, neverReached, corpus, seeds, shard, runCount, derivedCount, failedCount, wallMs } = document;
  const lines: string[] = [];
  for (const line of corpus.unexpected) lines.push("", `corpus: ${line}`);
  for (const { replay, fingerprint, count, seed, message, small } of groups.slice(0, GROUPS_SHOWN_MAX)) {
    lines.push("", `replay with: ${small?.replay ?? replay}`);
    lines.push(`${fingerprint}  ${count} ×, first with seed ${seed}`, `  ${message}`);
    if (small === undefined) continue;
    const more = small.isSmallest ? "" : "; the time was over before it was as small as can be";
    lines.push(`  made small: ${small.steps} steps, ${small.faults} faults, as a scenario in ${small.scenario}${more}`);
  }
  if (groups.length > GROUPS_SHOWN_MAX) lines.push("", `and ${groups.length - GROUPS_SHOWN_MAX} more groups`);
  const width = Math.max(5, ...faults.map(({ kind }) => kind.length));
  lines.push("", `${"fault".padEnd(width)}  injected  effective`);
  for (const { kind, injected, effective } of faults)
    lines.push(`${kind.padEnd(width)}  ${String(injected).padStart(8)}  ${String(effective).padStart(9)}`);
  const perSecond = (runCount * 1000) / Math.max(1, wallMs);
  const part = shard.of === 1 ? "" : `, shard ${shard.index}/${shard.of}`;
  const skipped = corpus.skippedCount === 0 ? "" : `, ${corpus.skippedCount} of another generator left out`;
  lines.push(
    "",
    `corpus       ${corpus.runCount} runs, ${corpus.unexpected.length} not as expected${skipped}`,
    `runs         ${runCount}, ${derivedCount} of them derived; ${failedCount} failed in ${groups.length} groups`,
    `reached      ${Object.keys(document.reached).length} steps, changes of status, faults in a status and goals`,
    `goals        ${GOALS.length - neverReached.length} of ${GOALS.length}`,
    ...neverReached.map((goal) => `  never      ${goal}`),
    `outcome      ${document.outcome}  generator ${document.generator}, engine ${document.engine.slice(0, 16)}`,
    `${document.verdict}  hunt, seeds ${seeds.from}..${seeds.to}${part}: ${document.status} after ${(wallMs / 60_000).toFixed(1)} min, ${perSecond.toFixed(1)} runs/s; records in ${out}/`,
    "",
  );
  return lines.join("\n");
}
