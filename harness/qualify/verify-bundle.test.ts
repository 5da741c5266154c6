import { createPublicKey, generateKeyPairSync } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { Qualification } from "../history/qualification.ts";
import type { RunRecord } from "../history/run-record.ts";
import { BundleWriter, filesOf, readFound } from "./bundle.ts";
import { ATTESTATION_PATH, DOCUMENT_PATH, KEY_PATH, PLAN_PATH, REPORT_PATH } from "./bundle-layout.ts";
import { conclude } from "./conclude.ts";
import { PROFILES, type Profile } from "./profiles.ts";
import { planOf, plansOf, record, records } from "./sample.fixture.ts";
import { checkBundle } from "./verify-bundle.ts";

const parent = mkdtempSync(join(tmpdir(), "resilver-bundle-"));
const folder = join(parent, "bundle");
const { privateKey } = generateKeyPairSync("ed25519");
const profile = PROFILES.find(({ name }) => name === "sync-mirror") as Profile;
const report = ({ verdict }: Qualification): string => `<p>${verdict}</p>\n`;
const expected = { harness: planOf().suite.harness, report };

const BUG = { number: 5, mechanism: "m", isFound: true, rules: ["D"], medianSeeds: 7, medianSeconds: 0.5 };

/** A bundle of the sample, whose document and report are changed before they are signed. */
function write(change = (document: Qualification): Qualification => document, html = report, runs = records()): void {
  const bundle = new BundleWriter(folder);
  bundle.begin(planOf(), plansOf(planOf()));
  bundle.plantedBugs(JSON.stringify({ schemaVersion: 2, bugs: [BUG] }));
  for (const run of runs) bundle.record(run);
  const document = change(conclude(planOf(), profile, readFound(folder)));
  bundle.conclude(document, html(document));
  bundle.attest(document, privateKey);
}

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  write();
});
afterAll(() => rmSync(parent, { recursive: true }));

test("a bundle that nobody touched is sound, and gives its runs to whoever wants to do them again", () => {
  const checked = checkBundle(folder, { ...expected, key: createPublicKey(privateKey) });
  expect(checked.problems).toEqual([]);
  expect(checked.undecided).toEqual([]);
  expect(checked.records).toHaveLength(records().length);
  expect(checked.document?.selfTest.plantedBugs).toEqual([BUG]);
});

test("every single byte, whichever it is: the change is found, and its file named", () => {
  const paths = filesOf(folder);
  const place = fc
    .constantFrom(...paths)
    .chain((path) =>
      fc.tuple(
        fc.constant(path),
        fc.nat(readFileSync(join(folder, path)).length - 1),
        fc.integer({ min: 1, max: 255 }),
      ),
    );
  fc.assert(
    fc.property(place, ([path, at, mask]) => {
      const content = readFileSync(join(folder, path));
      const changed = Buffer.from(content);
      changed[at] = (changed[at] as number) ^ mask;
      writeFileSync(join(folder, path), changed);
      const { problems } = checkBundle(folder, expected);
      writeFileSync(join(folder, path), content);
      expect(problems.map((one) => one.path)).toEqual([path]);
    }),
    { numRuns: 300 },
  );
});

test("each byte of the attestation and of its key", () => {
  for (const path of [ATTESTATION_PATH, KEY_PATH]) {
    const content = readFileSync(join(folder, path));
    for (let at = 0; at < content.length; at++) {
      const changed = Buffer.from(content);
      // The case of a letter, a digit for its neighbour, a space for a line end's neighbour: what text may leave open.
      changed[at] = (changed[at] as number) ^ 0x20;
      writeFileSync(join(folder, path), changed);
      const named = checkBundle(folder, expected).problems.map((one) => one.path);
      expect(named, `byte ${at}`).toEqual([path]);
    }
    writeFileSync(join(folder, path), content);
  }
});

test("a file that is missing, one that was added, one longer, one in another place", () => {
  const runs = "evidence/runs/sim/one.jsonl";
  const named = (): string[] => checkBundle(folder, expected).problems.map(({ path, problem }) => `${path} ${problem}`);
  appendFileSync(join(folder, runs), "\n");
  expect(named()).toEqual([`${runs} is not what was recorded`]);
  renameSync(join(folder, runs), join(folder, "evidence/runs/sim/other.jsonl"));
  expect(named()).toEqual([`${runs} is missing`, "evidence/runs/sim/other.jsonl is evidence that is not listed"]);
  write();
  writeFileSync(join(folder, "notes.txt"), "hello");
  expect(named()).toEqual(["notes.txt does not belong to it"]);
});

test("what is signed and does not follow from the evidence is found", () => {
  write((document) => ({ ...document, verdict: "WITH CONDITIONS" }));
  expect(checkBundle(folder, expected).problems).toEqual([
    { path: DOCUMENT_PATH, problem: "says something else than follows from the evidence" },
  ]);
  write(undefined, () => "<p>all is well</p>");
  expect(checkBundle(folder, expected).problems).toEqual([
    { path: REPORT_PATH, problem: `says something else than ${DOCUMENT_PATH}` },
  ]);
});

test("a run more than was planned, by which it would seem that more was tried", () => {
  const problems = (more: Partial<RunRecord>) => {
    write(undefined, undefined, [...records(), record("one", more)]);
    return checkBundle(folder, expected).problems;
  };
  const path = "evidence/runs/sim/one.jsonl";
  expect(problems({ seed: 9 })).toEqual([{ path, problem: "holds a run of seed 9, which was not planned" }]);
  expect(problems({ seed: 2 })).toEqual([{ path, problem: "holds two runs of seed 2" }]);
  // Where a run in real time tested nothing, another seed is tried.
  expect(problems({ seed: 2, world: "containers" })).toEqual([]);
});

test("another version of the harness may come to other words: that is undecided, never sound", () => {
  const other = { ...expected, harness: "00".repeat(32) };
  expect(checkBundle(folder, other)).toMatchObject({ problems: [], undecided: [] });
  const { problems, undecided } = checkBundle(folder, { ...other, report: () => "otherwise" });
  expect(problems).toEqual([]);
  expect(undecided).toEqual([expect.stringContaining("it was made by resilver 1.2.3")]);
});

test("signed with another key than was asked for", () => {
  const key = generateKeyPairSync("ed25519").publicKey;
  const problems = checkBundle(folder, { ...expected, key }).problems.map(({ path }) => path);
  expect(problems).toEqual([KEY_PATH, ATTESTATION_PATH]);
});

test("a folder that is no bundle, and a folder of somebody else's that must not be written into", () => {
  unlinkSync(join(folder, ATTESTATION_PATH));
  expect(() => checkBundle(folder, expected)).toThrow(`no ${ATTESTATION_PATH}`);
  expect(() => new BundleWriter(parent)).toThrow("holds something that is no qualification");
  expect(existsSync(join(folder, PLAN_PATH))).toBe(true);
  // The former one goes: its runs must not pass for those of the next. What is not its own stays.
  writeFileSync(join(folder, "notes.txt"), "hello");
  expect(() => new BundleWriter(folder)).toThrow("holds something that is no qualification");
  unlinkSync(join(folder, "notes.txt"));
  expect(filesOf(new BundleWriter(folder).path)).toEqual([]);
});
