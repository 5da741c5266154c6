import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { Qualification } from "../history/qualification.ts";
import type { RunRecord } from "../history/run-record.ts";
import { signStatement, type Statement } from "./attestation.ts";
import { BundleWriter, filesOf, readFound, rootOf, sha256, statementFor } from "./bundle.ts";
import { ATTESTATION_PATH, DOCUMENT_PATH, EVIDENCE_FOLDER, PLAN_PATH, REPORT_PATH } from "./bundle-layout.ts";
import { conclude } from "./conclude.ts";
import { PROFILES, type Profile } from "./profiles.ts";
import { planOf, plansOf, records } from "./sample.fixture.ts";
import { checkBundle, type Problem } from "./verify-bundle.ts";

// Bundles that somebody made wrong on purpose, and signed: whatever is in them, it is their fault and not ours.

const parent = mkdtempSync(join(tmpdir(), "resilver-malformed-"));
const folder = join(parent, "bundle");
const { privateKey } = generateKeyPairSync("ed25519");
const profile = PROFILES.find(({ name }) => name === "sync-mirror") as Profile;
const report = ({ verdict }: Qualification): string => `<p>${verdict}</p>\n`;
const expected = { harness: planOf().suite.harness, report };
const bugs = {
  schemaVersion: 2,
  bugs: [{ number: 5, mechanism: "m", isFound: true, rules: ["D"], medianSeeds: 7, medianSeconds: 0.5 }],
};
let document: Qualification;
let statement: Statement;

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  const bundle = new BundleWriter(folder);
  bundle.begin(planOf(), plansOf(planOf()));
  bundle.plantedBugs(JSON.stringify(bugs));
  const blame = [{ volume: "svol", offsetBytes: 0, lengthBytes: 512, found: "x", expected: "y", cause: "z" }];
  const failed = { verdict: "FAIL", failures: [{ rule: "C", message: "m", timeNs: 1, blame }] } as const;
  const isFailed = ({ id, world, seed }: RunRecord): boolean => id === "two" && world === "sim" && seed === 2;
  for (const run of records()) bundle.record(isFailed(run) ? { ...run, ...failed } : run);
  document = conclude(planOf(), profile, readFound(folder));
  bundle.conclude(document, report(document));
  bundle.attest(document, privateKey);
  statement = statementFor(folder, document);
});
afterAll(() => rmSync(parent, { recursive: true }));

function sign(told: unknown): void {
  writeFileSync(join(folder, ATTESTATION_PATH), signStatement(told as Statement, privateKey));
}

/** Puts `text` in the place of a file, and makes hashes and signature fit, as whoever has the key can. */
function forge(path: string, text: string): Problem[] {
  writeFileSync(join(folder, path), text);
  if (path.startsWith(EVIDENCE_FOLDER)) {
    const content = Buffer.from(text);
    const files = document.evidence.files.map((one) =>
      one.path === path ? { ...one, sizeBytes: content.length, sha256: sha256(content) } : one,
    );
    const evidence = { merkleRoot: rootOf(files), files };
    const id = `${document.id.slice(0, -12)}${evidence.merkleRoot.slice(0, 12)}`;
    const forged = { ...document, id, evidence };
    writeFileSync(join(folder, DOCUMENT_PATH), `${JSON.stringify(forged, null, 2)}\n`);
    writeFileSync(join(folder, REPORT_PATH), report(forged));
  }
  sign(statementFor(folder, document));
  return [...checkBundle(folder, expected).problems];
}

type Place = readonly (string | number)[];

/** Of every value in it, but for the whole. */
function placesIn(value: unknown, at: Place = []): Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const place = [...at, Array.isArray(value) ? Number(key) : key];
    return [place, ...placesIn(child, place)];
  });
}

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const DROP = "dropped";
/** As JSON, which knows more numbers than there are. */
const VALUES = {
  ...{ null: "null", "empty list": "[]", "empty object": "{}", "empty text": '""', text: '"?"', true: "true" },
  ...{ negative: "-1", fraction: "0.5", huge: "1e300", infinite: "1e999", deep: nested(70), abyss: nested(20_000) },
};
type Change = keyof typeof VALUES | typeof DROP;
/** Of a planted bug that was not found. */
const NULLABLE = new Set<string | number | undefined>(["medianSeeds", "medianSeconds"]);

/** What the value at a place becomes; `undefined` if that changes nothing. */
function mutated(data: unknown, place: Place, change: Change): string | undefined {
  const copy: unknown = structuredClone(data);
  let holder = copy as Record<string | number, unknown>;
  for (const key of place.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
  const last = place.at(-1) as string | number;
  if (change !== DROP) holder[last] = "put here";
  else if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete holder[last];
  const text = JSON.stringify(copy);
  if (change === DROP) return text;
  const changed = text.replace('"put here"', VALUES[change]);
  return changed === JSON.stringify(data) ? undefined : changed;
}

const read = (path: string): string => readFileSync(join(folder, path), "utf8");

const typeOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "list" : typeof value);

function valueAt(data: unknown, place: Place): unknown {
  return place.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], data);
}

test("any value of any document, dropped or another: a problem of that file, never a pass, never a mistake of ours", () => {
  const documents = filesOf(folder).filter((path) => /\.jsonl?$/u.test(path) && path !== ATTESTATION_PATH);
  const originals = new Map(documents.map((path) => [path, read(path)]));
  const reset = (): void => {
    for (const [path, text] of originals) writeFileSync(join(folder, path), text);
    writeFileSync(join(folder, REPORT_PATH), report(document));
  };
  for (const [path, text] of originals) {
    expect(forge(path, text)).toEqual([]);
    reset();
  }
  const lines = documents.flatMap((path) => {
    const parts = (originals.get(path) as string).trimEnd().split("\n");
    if (!path.endsWith(".jsonl")) return [{ path, parts: [parts.join("\n")], line: 0 }];
    return parts.map((_, line) => ({ path, parts, line }));
  });
  const place = fc.nat(lines.length - 1).chain((number) => {
    const { parts, line } = lines[number] as (typeof lines)[number];
    return fc.tuple(fc.constant(number), fc.constantFrom(...placesIn(JSON.parse(parts[line] as string))));
  });
  const changes = Object.keys(VALUES) as (keyof typeof VALUES)[];
  const tried = { sure: 0, open: 0 };
  fc.assert(
    fc.property(place, fc.constantFrom(DROP, ...changes), ([number, at], change) => {
      const { path, parts, line } = lines[number] as (typeof lines)[number];
      const data: unknown = JSON.parse(parts[line] as string);
      const text = mutated(data, at, change);
      fc.pre(text !== undefined);
      const problems = forge(path, `${parts.with(line, text).join("\n")}\n`);
      reset();
      // What is still as its schema says, and no conclusion rests on, only a run that is done again can tell.
      const isNullable = change === "null" && NULLABLE.has(at.at(-1));
      const isOther =
        change !== DROP && !isNullable && typeOf(JSON.parse(VALUES[change])) !== typeOf(valueAt(data, at));
      const isSure = path === DOCUMENT_PATH || isOther || change === "infinite";
      tried[isSure ? "sure" : "open"]++;
      if (isSure) expect(problems.map((one) => one.path)).toContain(path);
      for (const { problem } of problems) expect(problem).toMatch(/^[^\n]{1,900}$/u);
    }),
    { numRuns: 300 },
  );
  expect(tried.sure).toBeGreaterThan(60);
  expect(tried.open).toBeGreaterThan(10);
});

test("what is said of a malformed document: the file, the place in it, what is there, what should be, and what to do", () => {
  const records = "evidence/runs/sim/one.jsonl";
  const [first = "", second = ""] = read(records).split("\n");
  expect(forge(records, `${first}\n${second.replace('"injected":2', '"injected":"2"')}\n`)).toEqual([
    {
      path: records,
      problem: 'is malformed at line 2: faults[0].injected: found "2", expected number; make the bundle again',
    },
  ]);
  expect(forge(records, "{\n")).toEqual([
    { path: records, problem: "is malformed at line 1: found something else, expected JSON; make the bundle again" },
  ]);
});

test("a statement that says something else of the qualification than its document", () => {
  const lie = { ...statement, predicate: { ...statement.predicate, result: "PASSED" as const } };
  expect(statement.predicate.result).not.toBe("PASSED");
  for (const told of [lie, { ...statement, subject: statement.subject.toReversed() }]) {
    sign(told);
    expect(checkBundle(folder, expected).problems).toEqual([
      { path: ATTESTATION_PATH, problem: `says something else than ${DOCUMENT_PATH}` },
    ]);
  }
  for (const told of [{}, null, { ...statement, subject: null }, { ...statement, predicate: [] }]) {
    sign(told);
    expect(checkBundle(folder, expected).problems.map(({ path }) => path)).toEqual([ATTESTATION_PATH]);
  }
});

test("a scenario whose name leads out of the bundle, one that was not planned, a link in place of a file", () => {
  const scenarios = planOf().scenarios.map((one) => ({ ...one, id: `../../../${one.id}` }));
  expect(forge(PLAN_PATH, JSON.stringify({ ...planOf(), scenarios }))).toContainEqual({
    path: "evidence/scenarios/../../../one.json",
    problem: "is missing",
  });
  expect(forge(PLAN_PATH, JSON.stringify({ ...planOf(), canaries: [] }))).toEqual([
    { path: "evidence/runs/sim/canary.jsonl", problem: "is of a scenario that was not planned" },
  ]);
  unlinkSync(join(folder, REPORT_PATH));
  symlinkSync(join(parent, "elsewhere"), join(folder, REPORT_PATH));
  expect(checkBundle(folder, expected).problems).toEqual([{ path: REPORT_PATH, problem: "is no file" }]);
});
