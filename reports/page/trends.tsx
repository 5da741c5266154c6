import type { JSX } from "preact";
import type { CampaignSummary } from "../../harness/history/campaign-summary.ts";
import { Badge, Badges } from "./badge.tsx";
import { count, counted, duration } from "./numbers.ts";

const [WIDTH, HEIGHT, BOTTOM] = [900, 90, 16] as const;

/** Campaigns one after the other, the newest first. */
export function Trends({ campaigns }: { readonly campaigns: readonly CampaignSummary[] }): JSX.Element {
  const last = campaigns.at(-1);
  return (
    <>
      <header class="masthead">
        <div class="page">
          <p class="brand">resilver</p>
          <h1>{last !== undefined && <Badges verdict={last.verdict} isIncomplete={!last.isComplete} />} Trends</h1>
          <p class="quiet">{counted(campaigns.length, "campaign")}, the newest first</p>
        </div>
      </header>
      <main class="page">
        <section aria-labelledby="charts-title">
          <h2 id="charts-title">From campaign to campaign</h2>
          <Bars name="Runs that failed" of={campaigns.map(failedOf)} text={count} isBad />
          <Bars name="Distinct failures" of={campaigns.map(({ failureGroups }) => failureGroups)} text={count} isBad />
          <Bars name="Runs a second" of={campaigns.map(paceOf)} text={(pace) => pace.toFixed(1)} />
          <Bars
            name="Injections of faults with an effect, of a hundred"
            of={campaigns.map(effectiveOf)}
            text={(part) => part.toFixed(0)}
          />
        </section>
        <section aria-labelledby="campaigns-title">
          <h2 id="campaigns-title">Campaigns</h2>
          <div class="wide" tabIndex={0} role="region" aria-label="Table of campaigns">
            <table>
              <thead>
                <tr>
                  {[
                    "Date (UTC)",
                    "Commit",
                    "Engine",
                    "Command",
                    "Verdict",
                    "Runs",
                    "Failed",
                    "Ways",
                    "Events",
                    "Time",
                  ].map((head) => (
                    <th key={head} scope="col">
                      {head}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {campaigns.toReversed().map((campaign, index) => (
                  <tr key={`${campaign.date} ${index}`}>
                    <th scope="row">{campaign.date.slice(0, 16).replace("T", " ")}</th>
                    <td>
                      <code>{(campaign.commit ?? "").slice(0, 12)}</code>
                    </td>
                    <td>
                      <code>{campaign.engine.slice(0, 12)}</code>
                    </td>
                    <td>{campaign.command}</td>
                    <td>
                      {campaign.isComplete ? <Badge verdict={campaign.verdict} /> : <Badge verdict="INCOMPLETE" />}
                    </td>
                    <td class="number">{count(runsOf(campaign))}</td>
                    <td class="number">{count(failedOf(campaign))}</td>
                    <td class="number">{count(campaign.failureGroups)}</td>
                    <td class="number">{count(campaign.events)}</td>
                    <td class="number">{campaign.wallMs === 0 ? "–" : duration(campaign.wallMs * 1e6)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      </main>
    </>
  );
}

interface BarsProps {
  readonly name: string;
  readonly of: readonly number[];
  readonly text: (value: number) => string;
  readonly isBad?: boolean;
}

/** A bar a campaign, the oldest on the left. */
function Bars({ name, of, text, isBad = false }: BarsProps): JSX.Element {
  const most = Math.max(...of, 0);
  const y = (value: number): number => Math.max(1, (value / Math.max(most, 1e-9)) * (HEIGHT - BOTTOM - 18));
  const step = Math.min(40, WIDTH / Math.max(1, of.length));
  const last = of.at(-1) ?? 0;
  return (
    <svg
      class="distribution"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${name}: last ${text(last)}, at most ${text(most)}`}
    >
      <text x={0} y={12}>
        {name}: {text(last)} <tspan class="axis">in the last, at most {text(most)}</tspan>
      </text>
      {of.map((value, index) => (
        <rect
          key={index}
          class={isBad ? "bar bad" : "bar"}
          x={index * step}
          width={Math.max(1, step - 2)}
          y={HEIGHT - BOTTOM - y(value)}
          height={y(value)}
        />
      ))}
    </svg>
  );
}

function runsOf({ runs }: CampaignSummary): number {
  return Object.values(runs).reduce((sum, many) => sum + many, 0) - (runs.SKIPPED ?? 0);
}

function failedOf(campaign: CampaignSummary): number {
  const { PASS = 0, NOT_APPLICABLE = 0, WAIVED = 0 } = campaign.runs;
  return runsOf(campaign) - PASS - NOT_APPLICABLE - WAIVED;
}

function paceOf(campaign: CampaignSummary): number {
  return campaign.wallMs === 0 ? 0 : (runsOf(campaign) / campaign.wallMs) * 1000;
}

function effectiveOf({ faults }: CampaignSummary): number {
  const [effective, injected] = faults.reduce(
    ([some, all], fault) => [some + fault.effective, all + fault.injected] as const,
    [0, 0] as readonly [number, number],
  );
  return injected === 0 ? 0 : (effective / injected) * 100;
}
