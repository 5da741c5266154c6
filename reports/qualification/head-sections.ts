import { html } from "hono/html";
import type { Qualification } from "../../harness/history/qualification.ts";
import { WORLD_KINDS } from "../../harness/history/run-record.ts";
import { code, facts, list, type Markup, table, toneOf, WORLD_NAMES } from "./markup.ts";

// Sections 1 to 5: what this is, what it came to, and of what.

const NOT_NAMED = html`<span class="quiet">not named</span>`;

export function cover({ id, plan, validUntil }: Qualification): Markup {
  const { dossier, suite, createdAt } = plan;
  return facts([
    ["Report", code(id)],
    ["Of", createdAt.slice(0, 16).replace("T", " ") + " UTC"],
    ["Good until", validUntil ?? "no end was set"],
    ["Suite", html`resilver ${suite.version}, ${code(suite.harness.slice(0, 16))}`],
    ["Laboratory", dossier.laboratory ?? NOT_NAMED],
    ["Runner", dossier.runner ?? NOT_NAMED],
    ["Verifier", dossier.verifier ?? NOT_NAMED],
    ["Confidentiality", dossier.confidentiality ?? "none"],
  ]);
}

export function verdict(document: Qualification): Markup {
  const { profile, reasons, conditions, counts, requirements } = document;
  const of = (level: string): string => {
    const all = requirements.filter((one) => one.level === level);
    return `${all.filter((one) => one.verdict === "PASS").length} of ${all.length}`;
  };
  const runs = Object.entries(counts).map(([name, count]) => `${count} ${name.replaceAll("_", " ")}`);
  return html`<div class="verdict ${toneOf(document.verdict)}"><strong>${document.verdict}</strong>
<p>${profile.title} (${profile.name}): ${of("MUST")} requirements that must be fulfilled passed${requirements.some(({ level }) => level === "SHOULD") ? `, and ${of("SHOULD")} that should` : ""}.</p>
${reasons.length === 0 ? "" : html`<p>Because:</p>${list(reasons)}`}
${conditions.length === 0 ? "" : html`<p>Conditions:</p>${list(conditions)}`}</div>
<p>Runs: ${runs.length === 0 ? "none" : runs.join(", ")}.</p>`;
}

export function product({ plan }: Qualification): Markup {
  const { dossier, target } = plan;
  return facts([
    ["Vendor", dossier.vendor],
    ["Product", dossier.product],
    ["Version", dossier.version],
    ["Build", dossier.build ?? NOT_NAMED],
    ["Interface to hosts", dossier.interface ?? NOT_NAMED],
    ["Tested as target", target.name],
    ["Digest of what was tested", code(target.digest)],
    ["Capabilities declared", target.capabilities.join(", ")],
  ]);
}

export function environment({ plan, scenarios }: Qualification): Markup {
  const topologies = new Map<string, number>();
  for (const { topology, missing } of scenarios)
    if (missing.length === 0) topologies.set(topology.join("\n"), (topologies.get(topology.join("\n")) ?? 0) + 1);
  const worlds = [
    plan.seeds.sim.length === 0
      ? "Not run in the simulated world."
      : "Simulated world: virtual clock; links behave as Toxiproxy's, disks have a volatile cache and lose, tear and misdirect writes.",
    plan.seeds.containers.length === 0
      ? "Not run on containers."
      : `Containers: real clock; links go through a Toxiproxy server, ${disksOf(plan.target.capabilities)}.`,
  ];
  return html`${facts(plan.environment.map(([name, value]) => [name, value]))}
${list(worlds)}
${table(
  ["Volumes, links, mirrors", "Scenarios"],
  [...topologies.entries()].map(([lines, count]) => [html`<span class="lines">${lines}</span>`, count]),
)}`;
}

function disksOf(capabilities: readonly string[]): string {
  return capabilities.includes("volume-disk")
    ? "disks are block devices over NBD with the same faults"
    : "each node keeps its volumes itself and serves what it holds, so power was not lost and no disk had a fault";
}

export function scope({ profile, plan, scenarios, exclusions }: Qualification): Markup {
  const skipped = scenarios.filter(({ missing }) => missing.length > 0);
  const worlds = WORLD_KINDS.map((world) => `${WORLD_NAMES[world]}: ${seedsOf(plan.seeds[world])}`);
  return html`${facts([
    ["Profile", `${profile.title} (${profile.name})`],
    ["It is about", profile.requires.join(", ")],
    ["Seeds of each scenario", worlds.join("; ")],
    ["Scenarios of the profile", scenarios.length],
    ["Of these not applicable", skipped.length],
  ])}
${
  skipped.length === 0
    ? ""
    : html`<h3>Scenarios that do not apply</h3>${table(
        ["Scenario", "Needs what is not declared"],
        skipped.map(({ id, missing }) => [code(id), missing.join(", ")]),
      )}`
}
<h3>Requirements that are not in this profile</h3>
${table(
  ["Requirement", "Title", "Why"],
  exclusions.map(({ id, title, reason }) => [code(id), title, reason]),
)}`;
}

function seedsOf(seeds: readonly number[]): string {
  const [first] = seeds;
  if (first === undefined) return "none";
  return seeds.length === 1 ? `${first}` : `${first} to ${seeds.at(-1)}`;
}
