import { html } from "hono/html";
import { PHASES } from "../../harness/history/mirror-state.ts";
import type { Qualification, ScenarioCell } from "../../harness/history/qualification.ts";
import { MEANINGS } from "../invariant-meanings.ts";
import { badge, code, facts, list, type Markup, table, time, WORLD_NAMES } from "./markup.ts";

// Sections 6 to 12: what was found.

export function traceability({ requirements, scenarios, orphanRequirements }: Qualification): Markup {
  const applied = scenarios.filter(({ missing }) => missing.length === 0);
  return html`<h3>Requirements</h3>
${table(
  ["Requirement", "Title", "Level", "Scenarios", "Verdict"],
  requirements.map((one) => [code(one.id), one.title, one.level, one.scenarios.length, badge(one.verdict)]),
)}
${
  orphanRequirements.length === 0
    ? html`<p>Every requirement of the profile is exercised by a scenario that ran.</p>`
    : html`<p>Not exercised by any scenario: ${orphanRequirements.join(", ")}.</p>`
}
<h3>Scenarios</h3>
${table(
  ["Scenario", "For", "Simulated", "Containers"],
  applied.map(({ id, name, requirements: ids, cells }) => [
    html`${code(id)}<br>${name}`,
    ids.join(" "),
    cellOf(cells, "sim"),
    cellOf(cells, "containers"),
  ]),
)}
<p>Records of each are in ${code("evidence/runs/")}, the plans that were run in ${code("evidence/scenarios/")}.</p>`;
}

function cellOf(cells: readonly ScenarioCell[], world: ScenarioCell["world"]): Markup {
  const cell = cells.find((one) => one.world === world);
  if (cell === undefined) return html`<span class="quiet">–</span>`;
  const runs = Object.entries(cell.runs).map(([name, count]) => `${count} ${name}`);
  return html`${badge(cell.verdict)}<br><span class="quiet">${runs.length === 0 ? "did not run" : runs.join(", ")}</span>${
    cell.note === undefined ? "" : html`<br>${cell.note}`
  }`;
}

export function faults({ faults: rows }: Qualification): Markup {
  if (rows.length === 0) return html`<p>No faults were injected.</p>`;
  return html`<p>An injection is effective if its effect was observed. A run with a fault that had none is UNKNOWN at best.</p>
${table(
  ["Fault", "World", "Scenarios", "Injected", "Effective"],
  rows.map(({ kind, world, scenarios, injected, effective }) => [
    kind,
    WORLD_NAMES[world],
    scenarios,
    injected,
    effective,
  ]),
)}${struckTable(rows)}`;
}

/** How often each struck while the mirror worked, and how often while it had not recovered yet. */
function struckTable(rows: Qualification["faults"]): Markup | string {
  const known = rows.filter(({ struck }) => struck !== undefined);
  if (known.length === 0) return "";
  const most = Math.max(
    ...known.flatMap(({ struck }) => Object.values(struck ?? {}).map(([, effective]) => effective)),
  );
  const states = PHASES.flatMap((phase) => phase.states);
  return html`
<h3>By what the mirrors were like when it struck</h3>
<p>Effective of injected. Safety: the mirror was whole, or not made yet. Heal: it had been in sync, and was apart (SPLIT) or copied again (resync). Of several
mirrors the one counts that was furthest from being in sync.</p>
<table class="heat"><thead>
<tr><th scope="col" rowspan="2">Fault</th><th scope="col" rowspan="2">World</th>${PHASES.map(
    (phase) => html`<th scope="colgroup" colspan="${phase.states.length}">${phase.phase}</th>`,
  )}</tr>
<tr>${states.map((state) => html`<th scope="col">${state}</th>`)}</tr></thead>
<tbody>${known.map(
    ({ kind, world, struck }) =>
      html`<tr><td>${kind}</td><td>${WORLD_NAMES[world]}</td>${states.map((state) =>
        heatCell(struck?.[state], most),
      )}</tr>\n`,
  )}</tbody></table>`;
}

function heatCell(cell: readonly [number, number] | undefined, most: number): Markup {
  if (cell === undefined) return html`<td class="number quiet">–</td>`;
  const [injected, effective] = cell;
  // Four shades: none, and thirds of the most.
  const shade = effective === 0 ? 0 : Math.min(3, 1 + Math.floor((3 * effective) / (most + 1)));
  return html`<td class="number heat${shade}">${effective.toLocaleString("en")} / ${injected.toLocaleString("en")}</td>`;
}

export function integrity({ invariants }: Qualification): Markup {
  return html`<p>Checked all the time in every run, against every byte of every volume and every write that a host was told of.</p>
${table(
  ["Invariant", "Checks", "Runs", "Broken in", "Verdict"],
  invariants.map(({ invariant, checks, runs, broken }) => [
    html`<strong>${invariant}</strong> ${MEANINGS[invariant]}`,
    checks,
    runs,
    broken,
    badge(checks === 0 ? "NOT_APPLICABLE" : broken > 0 ? "FAIL" : "PASS"),
  ]),
)}`;
}

const MEASURES = { rto: "RTO", rpo: "RPO", resync: "resync" } as const;

export function objectives({ objectives: rows, faults: injected }: Qualification): Markup {
  if (rows.length === 0) return html`<p>No fault cost anything that was measured.</p>`;
  const figure = (unit: "ms" | "bytes", value: number): string =>
    unit === "ms" ? time(value) : `${value.toLocaleString("en")} bytes`;
  // Bundles that do not tell when faults struck were made before takeovers on containers were measured.
  const exception = injected.some(({ struck }) => struck !== undefined) ? "" : ", where RPO cannot be measured";
  return html`<p>RTO: how long hosts waited until a write to the mirror was done again. RPO: what a takeover lacked of what was acknowledged. Resync: how long copying took until
both ends were in sync. Virtual time in the simulated world, real time on containers${exception}. The profile sets no limits, so these are told and not
judged.</p>
${table(
  ["Measure", "After", "World", "n", "p50", "p95", "max"],
  rows.map(({ measure, fault, world, unit, count, p50, p95, max }) => [
    MEASURES[measure],
    fault === "none" ? "a command" : fault,
    WORLD_NAMES[world],
    count,
    figure(unit, p50),
    figure(unit, p95),
    figure(unit, max),
  ]),
)}`;
}

export function selfTest({ selfTest: { canaries, repeated, same, plantedBugs } }: Qualification): Markup {
  return html`<p>The harness has to find what is wrong where something is known to be wrong, and to come to the same twice.</p>
${table(
  ["Canary: storage that lies", "Found"],
  canaries.map(({ id, name, found, runs }) => [html`${code(id)}<br>${name}`, `${found} of ${runs}`]),
)}
<p>${same.toLocaleString("en")} of ${repeated.toLocaleString("en")} simulated runs, done twice, came to the same history, event for event.</p>
${plantedBugs === undefined ? "" : bugs(plantedBugs)}`;
}

function bugs(rows: NonNullable<Qualification["selfTest"]["plantedBugs"]>): Markup {
  const found = rows.filter(({ isFound }) => isFound).length;
  return html`<h3>Planted bugs</h3>
<p>Bugs of real replication engines, planted one at a time in copies of the engine of this suite and hunted with random plans: ${found} of ${rows.length} found.</p>
${table(
  ["Number", "Mechanism", "Found by", "Seeds", "Seconds"],
  rows.map((one) => [
    one.number,
    one.mechanism,
    one.isFound ? one.rules.join(" ") : "not found",
    one.medianSeeds ?? "–",
    one.medianSeconds === null ? "–" : one.medianSeconds.toFixed(1),
  ]),
)}`;
}

export function failures({ failures: rows, plan }: Qualification): Markup {
  const { response } = plan.dossier;
  const answer = response === undefined ? "" : html`<h3>The vendor's response</h3><p class="lines">${response}</p>`;
  if (rows.length === 0) return html`<p>None.</p>${answer}`;
  const groups = new Map<string, (typeof rows)[number][]>();
  for (const row of rows) {
    const key = `${row.scenario} ${row.world} ${row.failure.rule} ${row.failure.message}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return html`${[...groups.values()].map((group) => {
    const [{ scenario, world, verdict, failure, replay, seed }] = group as [(typeof rows)[number]];
    const blame = failure.blame
      .slice(0, 4)
      .map(
        (one) =>
          html`${one.volume}, ${one.lengthBytes} bytes at ${one.offsetBytes}: found ${one.found}; expected ${one.expected}; ${one.cause}`,
      );
    return html`<h3>${code(scenario)} ${badge(verdict)} ${WORLD_NAMES[world]}</h3>
<p><strong>${failure.rule}</strong> ${failure.message}</p>
<p class="quiet">at ${time(failure.timeNs / 1e6)}; ${group.length === 1 ? `seed ${seed}` : `seeds ${group.map((one) => one.seed).join(", ")}`}</p>
${blame.length === 0 ? "" : list(blame)}
${world === "sim" ? html`<p>${code(`resilver replay ${replay}`)}</p>` : ""}`;
  })}${answer}`;
}

export function statistics({ statistics: one }: Qualification): Markup {
  return html`${facts([
    ["Runs", one.runs.toLocaleString("en")],
    ["Distinct histories", html`${one.distinctHistories.toLocaleString("en")} of simulated runs`],
    ["Events", one.events.toLocaleString("en")],
    ["Time in the worlds", time(one.virtualMs)],
    ["Time they took", time(one.wallMs)],
  ])}
${
  one.failureShareBelow === undefined
    ? ""
    : html`<p>No simulated run failed: with 95 % confidence fewer than ${(100 * one.failureShareBelow).toLocaleString("en", { maximumSignificantDigits: 2 })} %
of the seeds of these scenarios do (rule of three).</p>`
}`;
}
