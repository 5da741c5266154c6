import { html } from "hono/html";
import type { Qualification } from "../../harness/history/qualification.ts";
import { code, facts, list, type Markup, table, WORLD_NAMES } from "./markup.ts";

// Sections 13 to 15: what it rests on, who says so, and what the words mean.

export function evidence({ contents = [], evidence: { merkleRoot, files } }: Qualification): Markup {
  return html`${contents.length === 0 ? "" : finalContents(contents)}${facts([
    ["Files", files.length],
    ["Merkle root", code(merkleRoot)],
  ])}
<p class="quiet">SHA-256, a tree as in RFC 9162; its leaves are lines as sha256sum prints them, in the order of the paths.</p>
${table(
  ["File", "Bytes", "SHA-256"],
  files.map(({ path, sizeBytes, sha256 }) => [
    code(path.replace(/^evidence\//u, "")),
    sizeBytes,
    hash(sha256.slice(0, 16)),
  ]),
)}
<p class="quiet">The first 16 digits; whole in ${code("qualification.json")}.</p>`;
}

function finalContents(contents: NonNullable<Qualification["contents"]>): Markup {
  return html`<h3>What the mirrors held at the end</h3>
<p>A hash over all bytes of each volume, of the first run of a scenario in each world; of all runs in ${code("evidence/runs/")}. ${code("resilver verify")} does simulated runs
again and compares them. Two that differ are no failure where the scenario leaves a mirror apart.</p>
${table(
  ["Scenario", "World", "Seed", "Mirror", "Primary", "Secondary"],
  contents.map(({ scenario, world, seed, pair, primary, secondary }) => [
    code(scenario),
    WORLD_NAMES[world],
    seed,
    pair,
    hash(primary),
    primary === secondary ? "the same" : hash(secondary),
  ]),
)}
<h3>Files</h3>
`;
}

function hash(text: string): Markup {
  return html`<code class="hash">${text}</code>`;
}

export function attestation({ plan: { dossier } }: Qualification): Markup {
  return html`<p>${code("attestation.json")} is an in-toto statement (v1) with a test-result predicate (v0.1) about this report, in a DSSE envelope signed with
Ed25519. ${code("resilver verify FOLDER --key PUBLIC_KEY")} checks the signature and every file, concludes everything anew from the evidence, and does the simulated
runs again.</p>
<div class="sign"><div>Runner${dossier.runner === undefined ? "" : `: ${dossier.runner}`}</div><div>Verifier${dossier.verifier === undefined ? "" : `: ${dossier.verifier}`}</div></div>`;
}

export function glossary(_document: Qualification): Markup {
  return html`${facts([
    ["QUALIFIED", "every requirement that must be fulfilled passed, and every one that should"],
    [
      "WITH CONDITIONS",
      "the former passed or were waived; of the latter some did not pass, or a waiver was made use of",
    ],
    ["NOT QUALIFIED", "a requirement that must be fulfilled failed"],
    [
      "INCOMPLETE",
      "one was not decided or nothing exercised it, the containers were left out, or the harness failed its own test",
    ],
    ["PASS, FAIL", "of a scenario: the worst of its runs in both worlds; of a requirement: the worst of its scenarios"],
    ["UNKNOWN", "it could not be decided, for instance because a fault had no effect"],
    ["ERROR", "the harness failed"],
    ["SKIPPED", "it was planned and did not run"],
    [
      "NOT APPLICABLE",
      "it needs a capability that the target does not declare; a requirement without a scenario that applies",
    ],
    ["WAIVED", "somebody accepts, by name and with a reason, that a requirement is not fulfilled"],
  ])}
${list([
  "A verdict is the worst of several in this order: FAIL, ERROR, UNKNOWN, SKIPPED, PASS. Of nothing it is never PASS.",
  "On containers a run in which a fault had no effect is followed by up to two with other seeds. It counts only if none of them tells more; all are in the evidence.",
  "A mirror is in sync when both ends say so and nothing is on its way. A track is what a mirror copies at once.",
])}`;
}
