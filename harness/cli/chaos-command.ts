import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ChaosKind } from "../hunt/chaos-fault.ts";
import { chaosPlan } from "../hunt/chaos-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { EvidenceFile } from "../world/containers/evidence.ts";
import { startOf } from "./campaign-start.ts";
import { type ChaosCampaign, chaosCampaign } from "./chaos-campaign.ts";
import { chaosSummary, roundLine, spread } from "./chaos-report.ts";
import { type ChaosRunner, containerChaosRunner } from "./chaos-runner.ts";
import type { CommandLineParts } from "./command-line-parts.ts";
import { engineDigest } from "./engine-digest.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import { OutDirectory } from "./out-directory.ts";
import { tokenOf } from "./replay-token.ts";
import { withContainers } from "./with-containers.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly roundsMax: number;
  readonly kinds: readonly ChaosKind[];
  readonly out: string;
  readonly json: boolean;
}

/** What a test of the command may put in place of containers and of the generator. */
export interface ChaosSetting {
  readonly runner?: ChaosRunner;
  readonly planOf?: (round: number) => Plan;
}

/**
 * Rounds of random faults on real containers, until the time is over or an invariant is violated (HX-9).
 *
 * @returns the exit code
 * @throws UsageError
 */
export async function chaosCommand(
  parts: CommandLineParts,
  options: ChaosOptions,
  setting: ChaosSetting = {},
): Promise<number> {
  const { terminal, interrupt, calledAs } = parts;
  const { seed, kinds, out: folder } = options;
  const out = new OutDirectory(folder);
  out.start(startOf(parts, "chaos", { kind: "rounds", minutes: options.minutes, seed }));
  const digest = engineDigest(parts.engineFolder);
  const evidence: string[] = [];
  const tell = options.json ? terminal.err : terminal.out;
  const keep = (name: string, content: string | Uint8Array): void => {
    const path = join(folder, "violation", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    evidence.push(join("violation", name));
  };
  const onEvidence = (_round: number, plan: Plan, files: readonly EvidenceFile[]): void => {
    keep("plan.json", json(plan));
    for (const { name, content } of files) keep(name, content);
  };
  tell(`chaos on containers, seed ${seed}, ${options.minutes} min\n`);
  const runner = setting.runner ?? containerChaosRunner();
  const campaign = await withContainers(async () => {
    await runner.open();
    return chaosCampaign({
      seed,
      limitMs: options.minutes * 60_000,
      roundsMax: options.roundsMax,
      planOf: setting.planOf ?? ((round) => chaosPlan(seed, round, { kinds })),
      tokenOf: (id, plan) => tokenOf({ id, seed, plan, embed: true, engineDigest: digest }),
      runner,
      interrupt,
      nowMs: () => performance.now(),
      onEvidence,
      onRound: (round) => {
        out.record(round.record);
        tell(roundLine(round));
        if (round.verdict === "FAIL") keep("record.json", json(round.record));
      },
    });
  });
  const path = join(folder, "violation", "plan.json");
  const again = `${calledAs} run ${path} --seed ${seed}`;
  const replay = campaign.status === "stopped" ? [`${again} --world containers`, again] : [];
  const document = documentOf(campaign, options, { evidence, replay });
  out.index(document);
  if (options.json) terminal.out(json(document));
  else terminal.out(chaosSummary(campaign, { seed, out: folder, replay, evidence }));
  return interrupt.aborted ? EXIT.interrupted : exitCodeOf(campaign.verdict);
}

/** The journal of the campaign: how it was carried out and what was found are told apart. */
function documentOf(
  campaign: ChaosCampaign,
  { seed, minutes, kinds }: ChaosOptions,
  found: { readonly evidence: readonly string[]; readonly replay: readonly string[] },
): object {
  const { status, verdict, rounds, faults, recovery, unhealed, wallMs } = campaign;
  const times = (timesMs: readonly number[]): object => ({ count: timesMs.length, ...spread(timesMs) });
  return {
    schemaVersion: 1,
    seed,
    minutes,
    kinds,
    status,
    /** The steady state was not there, or an invariant was violated. */
    deviated: verdict === "FAIL",
    verdict,
    healed: unhealed === "",
    ...(unhealed === "" ? {} : { unhealed }),
    faults,
    hosts: { requests: recovery.hostRequests, done: recovery.hostRequestsDone },
    outages: times(recovery.hostOutagesMs),
    apart: times(recovery.apartMs),
    resyncs: times(recovery.resyncsMs),
    wallMs: Math.round(wallMs),
    ...found,
    runs: rounds.map(({ round, verdict: word, record }) => ({ ...record, round, verdict: word })),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
