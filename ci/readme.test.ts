import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { REQUIREMENTS } from "../harness/history/requirements.ts";
import { faultsIn } from "../harness/cli/requirements-command.ts";
import { loadAll, scenarioFiles } from "../harness/cli/scenario-files.ts";
import { type Plan, parsePlan } from "../harness/plan/index.ts";
import { runPlan } from "../harness/run/run-plan.ts";
import { resilverTarget } from "../harness/target/resilver-target.ts";
import { impossibleIn } from "../harness/world/containers/impossible.ts";
import { hostPump } from "../harness/world/sim/host-pump.ts";
import { failureText } from "../reports/failure-text.ts";
import packageJson from "../package.json" with { type: "json" };

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
/** The rows of the feature table: `| LS-1 | what | status |`. */
const features = [...readme.matchAll(/^\| ([A-Z]{2}-\d+[a-c]?) \| (.*?) \| (\w+)(.*) \|$/gm)].map(
  ([, id = "", title = "", status = "", detail = ""]) => ({ id, title, status, detail }),
);
const scenarios = scenarioFiles(pathToFileURL(join(root, "scenarios/")));

test.each(pages)("%s: every link leads to a file, and every npm script exists", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  const broken = [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !existsSync(join(root, dirname(page), link)));
  expect(broken).toEqual([]);
  const scripts = [...text.matchAll(/npm run (?:-s )?([a-z][a-z:]*)/g)].map(([, name = ""]) => name);
  expect(scripts.filter((name) => !(name in packageJson.scripts))).toEqual([]);
});

test("the feature table has each requirement once, in its words, with a status", () => {
  expect(features.map(({ id, title }) => ({ id, title }))).toEqual(
    REQUIREMENTS.map(({ id, title }) => ({ id, title })),
  );
  expect(features.filter(({ status }) => !["both", "simulated", "partly", "planned"].includes(status))).toEqual([]);
});

test("the requirements of every scenario are in the feature table, and none of them is planned", async () => {
  const status = new Map(features.map((feature) => [feature.id, feature.status]));
  const wrong: string[] = [];
  for (const scenario of await loadAll(scenarios))
    for (const id of parsePlan(scenario.plan).requirements)
      if (!["both", "simulated", "partly"].includes(status.get(id) ?? "")) wrong.push(`${scenario.id}: ${id}`);
  expect(wrong).toEqual([]);
});

test("a row links to scenarios that name it, with faults in one of them, that containers can have if it is of both worlds", async () => {
  const wrong: string[] = [];
  const ofHarness = new Set(REQUIREMENTS.filter(({ elsewhere }) => elsewhere !== undefined).map(({ id }) => id));
  for (const { id, status, detail } of features) {
    if (status === "planned") continue;
    let hasFaults = false;
    for (const [, link = ""] of detail.matchAll(/\]\((scenarios\/[^)]+\.ts)\)/g)) {
      const plan = await planOf(join(root, link));
      const { requirements, steps } = plan;
      const why = status === "both" ? impossibleIn(plan) : "";
      if (why !== "") wrong.push(`${id}: ${link} is not run on containers: ${why}`);
      if (!requirements.includes(id)) wrong.push(`${id}: ${link} does not name it`);
      hasFaults ||= faultsIn(steps).length > 0;
    }
    if (status !== "partly" && !ofHarness.has(id) && !hasFaults) wrong.push(`${id}: no scenario with faults`);
  }
  expect(wrong).toEqual([]);
});

test("the examples are plans, and the README shows what its own prints once the fault is where it says", async () => {
  const example = firstExample(readme);
  const fault = /put `(on\.lostWrite.*?)` before `(.*?)`/.exec(readme);
  const broken = example.replace(fault?.[2] ?? "?", `${fault?.[1]}\n${fault?.[2]}`);
  const page = readFileSync(join(root, "docs/scenarios.md"), "utf8");
  const others = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  const folder = mkdtempSync(join(tmpdir(), "resilver-readme-"));
  try {
    const plans = [example, broken, ...others].map((text, index) => {
      const path = join(folder, `${index}.ts`);
      writeFileSync(path, text.replace("../../harness/plan/index.ts", plan.href));
      return planOf(path);
    });
    const [plain, faulty] = await Promise.all(plans);
    expect(faulty?.steps).toHaveLength((plain?.steps.length ?? 0) + 1);
    const shown = /^replay with: (.*)\n[\s\S]*?(?=\n```)/m.exec(readme);
    expect(inSomeMs(await failureOf(faulty, shown?.[1] ?? ""))).toBe(inSomeMs(shown?.[0] ?? ""));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const plan = pathToFileURL(join(root, "harness/plan/index.ts"));

/** What the first scenario prints when it has failed. */
async function failureOf(plan: Plan | undefined, replayCommand: string): Promise<string> {
  if (plan === undefined) return "";
  const run = { id: "first/cut-under-writes", seed: 1, replay: "", repeat: false };
  const { record } = await runPlan(plan, { ...run, target: resilverTarget("readme"), pump: hostPump() });
  return failureText(record, replayCommand);
}

/** Without the times, which change whenever the engine asks its disks for anything else. */
function inSomeMs(text: string): string {
  return text.replaceAll(/[\d.]+ ms/g, "… ms");
}

/** The first block of TypeScript in `markdown`. */
function firstExample(markdown: string): string {
  return /```ts\n([\s\S]*?)```/.exec(markdown)?.[1] ?? "";
}

async function planOf(path: string): Promise<ReturnType<typeof parsePlan>> {
  const module = (await import(pathToFileURL(path).href)) as { default: unknown };
  return parsePlan(module.default);
}
