import { execFileSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProgramEnd, spawnProgram } from "../harness/cli/fixtures/spawn-program.ts";
import type { Qualification, QualificationPlan } from "../harness/history/qualification.ts";
import { signStatement } from "../harness/qualify/attestation.ts";
import { BundleWriter, readFound, statementFor } from "../harness/qualify/bundle.ts";
import { conclude } from "../harness/qualify/conclude.ts";
import { PROFILES, type Profile } from "../harness/qualify/profiles.ts";
import { qualificationReport } from "../reports/index.ts";

// A whole qualification as a laboratory does it, and whoever gets the bundle.

const root = new URL("../", import.meta.url);
const parent = mkdtempSync(join(tmpdir(), "resilver-qualify-"));
const folder = join(parent, "bundle");
const keyPath = join(parent, "key.pem");
const publicPath = join(parent, "key.pub");
const PROFILE = PROFILES.find(({ name }) => name === "async-mirror") as Profile;

let end: ProgramEnd;
let document: Qualification;

function resilver(...args: string[]): Promise<ProgramEnd> {
  return spawnProgram(new URL("main.ts", root), args, { cwd: fileURLToPath(root) });
}

beforeAll(async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(keyPath, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(publicPath, createPublicKey(privateKey).export({ type: "spki", format: "pem" }));
  const options = ["--profile", PROFILE.name, "--world", "sim", "--seeds", "1", "--key", keyPath, "--out", folder];
  end = await resilver("qualify", ...options);
  document = JSON.parse(readFileSync(join(folder, "qualification.json"), "utf8")) as Qualification;
}, 180_000);

afterAll(() => rmSync(parent, { recursive: true }));

test("without containers it is incomplete, whatever passed", () => {
  expect(end).toMatchObject({ exitCode: 2, stdout: expect.stringContaining("INCOMPLETE  async-mirror: 9 of 9") });
  expect(document.reasons).toEqual(["nothing was run in the world of containers"]);
  expect(document.counts).toEqual({ PASS: document.scenarios.length });
  expect(document.selfTest.canaries.every(({ found, runs }) => found === runs)).toBe(true);
});

test("the report: fifteen sections, readable for everybody, and a PDF of it", async () => {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(join(folder, "report.html")).href);
    expect(await page.locator("h2").count()).toBe(15);
    expect(await page.locator(".verdict strong").textContent()).toBe("INCOMPLETE");
    await page.addScriptTag({ content: axe.source });
    const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  } finally {
    await browser.close();
  }
  expect(readFileSync(join(folder, "report.pdf")).subarray(0, 5).toString()).toBe("%PDF-");
});

test("verify: sound, with the key that signed; every simulated run comes to the same again", async () => {
  const { exitCode, stdout } = await resilver("verify", folder, "--key", publicPath, "--json");
  const runs = document.scenarios.length + document.selfTest.canaries.length;
  expect(JSON.parse(stdout)).toMatchObject({ isSound: true, problems: [], rerun: { done: runs, of: runs } });
  expect(exitCode).toBe(0);
}, 120_000);

test("openssl, which nobody here wrote, takes the signature for good", () => {
  const { payload, payloadType, signatures } = JSON.parse(readFileSync(join(folder, "attestation.json"), "utf8")) as {
    payload: string;
    payloadType: string;
    signatures: [{ sig: string }];
  };
  const body = Buffer.from(payload, "base64");
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${body.length} `;
  writeFileSync(join(parent, "signed"), Buffer.concat([Buffer.from(head), body]));
  writeFileSync(join(parent, "sig"), Buffer.from(signatures[0].sig, "base64"));
  const args = ["pkeyutl", "-verify", "-pubin", "-inkey", publicPath, "-rawin"];
  const said = execFileSync("openssl", [...args, "-in", join(parent, "signed"), "-sigfile", join(parent, "sig")]);
  expect(said.toString()).toContain("Signature Verified Successfully");
});

test("verify: a byte of a record, and it names the file", async () => {
  const changed = join(parent, "changed");
  cpSync(folder, changed, { recursive: true });
  const path = "evidence/runs/sim/link-suspension/both-lose-power.jsonl";
  const content = readFileSync(join(changed, path));
  content[100] = (content[100] as number) ^ 1;
  writeFileSync(join(changed, path), content);
  const { exitCode, stdout } = await resilver("verify", changed);
  expect(stdout).toContain(`WRONG      ${path} is not what was recorded\n`);
  expect(exitCode).toBe(1);
});

test("verify: a record that was made up, signed and all, is found by doing its run again", async () => {
  const lie = join(parent, "lie");
  const bundle = new BundleWriter(lie);
  const read = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), "utf8"));
  const plan = read("evidence/qualification-plan.json") as QualificationPlan;
  const ids = [...plan.scenarios, ...plan.canaries].map(({ id }) => id);
  bundle.begin(plan, new Map(ids.map((id) => [id, read(`evidence/scenarios/${id}.json`)])));
  const [first, ...others] = readFound(folder).records;
  if (first === undefined) throw new Error("a bundle without records");
  for (const run of [{ ...first, historyHash: "0123456789abcdef" }, ...others]) bundle.record(run);
  const told = conclude(plan, PROFILE, readFound(lie));
  bundle.conclude(told, qualificationReport(told));
  bundle.attest(told, generateKeyPairSync("ed25519").privateKey);
  const { exitCode, stdout } = await resilver("verify", lie);
  expect(stdout).toContain(`seed 1 came to historyHash "${first.historyHash}" in place of "0123456789abcdef"`);
  expect(exitCode).toBe(1);
}, 120_000);

test("verify: a document that is none of its kind, signed and all, is the bundle's fault, told in one line", async () => {
  const odd = join(parent, "odd");
  cpSync(folder, odd, { recursive: true });
  const text = readFileSync(join(odd, "qualification.json"), "utf8").replace(
    '"statistics": {',
    '"statistics": null, "x": {',
  );
  writeFileSync(join(odd, "qualification.json"), text);
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(join(odd, "attestation.json"), signStatement(statementFor(odd, document), privateKey));
  writeFileSync(join(odd, "attestation.pub"), createPublicKey(privateKey).export({ type: "spki", format: "pem" }));
  const { exitCode, stdout, stderr } = await resilver("verify", odd);
  expect(stdout.split("\n", 1)).toEqual([
    "WRONG      qualification.json is malformed at statistics: found null, expected object; make the bundle again",
  ]);
  expect([exitCode, stderr]).toEqual([1, ""]);
});

test("what cannot be used is one line, and nothing is run or written", async () => {
  const out = join(parent, "nothing");
  const one = async (...args: string[]): Promise<string> => {
    const { exitCode, stderr } = await resilver("qualify", "--out", out, ...args);
    expect(exitCode).toBe(254);
    return stderr;
  };
  expect(await one("--profile", "gold")).toBe(
    'resilver: --profile: found "gold", expected one of sync-mirror, async-mirror, backup, full\n',
  );
  expect(await one("--profile", "full", "--key", publicPath)).toContain("expected a private key, Ed25519");
  writeFileSync(join(parent, "dossier.json"), '{"vendor": 1}');
  expect(await one("--profile", "full", "--dossier", join(parent, "dossier.json"))).toContain(
    "dossier.json: vendor: found",
  );
  const { exitCode, stderr } = await resilver("verify", parent);
  expect([exitCode, stderr]).toEqual([
    254,
    expect.stringContaining("found no attestation.pub, expected the --out of a qualification"),
  ]);
});
