import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { engineDigest } from "../../harness/cli/engine-digest.ts";
import { randomPlan } from "../../harness/hunt/generate.ts";
import { worldSeed } from "../../harness/hunt/seed-result.ts";
import { recordRun } from "../../harness/replay/record-run.ts";
import { runPlan } from "../../harness/run/run-plan.ts";
import { resilverTarget } from "../../harness/target/resilver-target.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";
import { type Bar, barAtLeast, barAtMost, type Sample, type Section, sampleOf, secondsOf } from "./measure.ts";
import { enlarge } from "./page-campaign.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Words that many runs have, few, one and none. */
const FILTERS = ["cut", "mirror crash", "1000777", "link", "nothing is called that", ""] as const;
/** Of the hunt whose runs are looked at: enough for a sample of 100, and some more. */
const SEEDS = "0..127";
const SCENARIOS = ["smallest/*", "detection/*", "link-suspension/cut-*"];

/** What the functions that are evaluated in the page find there. */
declare const document: { querySelector(selector: string): PageElement | null };
declare const location: { hash: string };
declare const requestAnimationFrame: (callback: () => void) => number;
interface PageElement {
  value?: string;
  readonly textContent: string | null;
  dispatchEvent(event: Event): boolean;
}

interface HistoryLine {
  readonly id: string;
  readonly seed: number;
  readonly variant: number;
  readonly historyHash: string;
}

/** What the page needs to be measured: real campaigns, and a browser. */
export class PageStage {
  readonly #folder: string;
  readonly #browser: Browser;
  #hunt: string | undefined;

  private constructor(folder: string, browser: Browser) {
    this.#folder = folder;
    this.#browser = browser;
  }

  static async open(): Promise<PageStage> {
    await program(["ci/page/build.ts"]);
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
    return new PageStage(mkdtempSync(join(tmpdir(), "resilver-bench-page-")), browser);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** The report of a large campaign is written, opened and filtered: a hunt, and one whose history has whole records. */
  async campaigns(runs: number, runCount: number): Promise<Section> {
    const samples: Sample[] = [];
    const bars: Bar[] = [];
    const scenarios = join(this.#folder, "scenarios");
    await program(["main.ts", "run", ...SCENARIOS, "--no-repeat", "--out", scenarios]);
    for (const [name, real] of [
      ["hunt", await this.#realHunt()],
      ["scenarios", scenarios],
    ] as const) {
      const large = join(this.#folder, `large-${name}`);
      enlarge(real, large, runCount);
      const measured = new Map<string, number[]>();
      const note = (what: string, value: number): void => {
        measured.set(what, [...(measured.get(what) ?? []), value]);
      };
      for (let round = 0; round < runs; round++) {
        const written = await report(large);
        note("seconds", written.seconds);
        note("memory", written.memoryMB);
        const { openedSeconds, page } = await this.#open(large);
        note("opens", openedSeconds);
        for (const words of FILTERS) note(`filter ${words}`, await filterMs(page, words));
        await page.close();
      }
      const sample = (text: string, unit: string, what: string): Sample =>
        sampleOf(`${name}: ${text}`, unit, measured.get(what) ?? []);
      const filters = FILTERS.map((words) => sample(`filters ${JSON.stringify(words)}`, "ms", `filter ${words}`));
      const written = sample("report written", "s", "seconds");
      const memory = sample("memory of it, at its highest", "MB", "memory");
      const size = sampleOf(`${name}: size of the page`, "MB", [statSync(join(large, "index.html")).size / 1e6]);
      const opens = sample("opens, until its rows are painted", "s", "opens");
      const slowest = filters.toSorted((one, other) => other.median - one.median)[0] ?? opens;
      samples.push(written, memory, size, opens, ...filters);
      bars.push(
        barAtMost(written.name, written.median, 20, "s"),
        barAtMost(memory.name, Math.max(...memory.values), 500, "MB"),
        barAtMost(size.name, size.median, 10, "MB"),
        barAtMost(opens.name, opens.median, 2, "s"),
        barAtMost(
          `${slowest.name}, the slowest of ${FILTERS.length}, until its rows are painted`,
          slowest.median,
          100,
          "ms",
        ),
      );
    }
    return {
      name: `page of ${runCount.toLocaleString("en")} runs`,
      how: "records of real runs, over and over, each with another seed, hash and numbers; Chromium, from a file",
      samples,
      bars,
      notes: [],
    };
  }

  /** Runs of a hunt, in turns in the browser and in Node.js: both look at everything after each event. */
  async replay(sample: number): Promise<Section> {
    const folder = await this.#realHunt();
    await report(folder);
    const lines = readFileSync(join(folder, "history.jsonl"), "utf8").trimEnd().split("\n");
    const known = lines.map((line) => JSON.parse(line) as HistoryLine);
    const taken = Array.from({ length: sample }, (_, index) => known[Math.floor((index * known.length) / sample)]);
    const { page } = await this.#open(folder);
    const digest = engineDigest(new URL("../../engine/", import.meta.url)).slice(0, 16);
    const [browser, node, unseen]: number[][] = [[], [], []];
    let same = 0;
    for (const line of taken) {
      if (line === undefined) throw new Error("a hunt without runs");
      const shown = await replayInPage(page, line.id);
      const looked = await replayInNode(line, digest);
      if (shown.historyHash === line.historyHash && looked.historyHash === line.historyHash) same++;
      browser?.push(shown.ms);
      node?.push(looked.ms);
      unseen?.push(looked.unseenMs);
    }
    await page.close();
    const total = (values: readonly number[] = []): number => values.reduce((sum, value) => sum + value, 0);
    return {
      name: "replay",
      how: `${sample} runs of a hunt, each in Chromium and then in Node.js ${process.version}`,
      samples: [
        sampleOf("in Chromium, looked at after each event", "ms", browser ?? []),
        sampleOf("in Node.js, looked at after each event", "ms", node ?? []),
        sampleOf("in Node.js, not looked at", "ms", unseen ?? []),
      ],
      bars: [
        barAtLeast("speed in Chromium against Node.js, all runs together", total(node) / total(browser), 0.5),
        barAtLeast("the same history hash, of the sampled runs", same / sample, 1),
      ],
      notes: [`${same} of ${sample} have the recorded hash in both`],
    };
  }

  async #realHunt(): Promise<string> {
    if (this.#hunt === undefined) {
      this.#hunt = join(this.#folder, "hunt");
      await program(["main.ts", "hunt", "--seeds", SEEDS, "--no-corpus", "--no-shrink", "--out", this.#hunt]);
    }
    return this.#hunt;
  }

  async #open(folder: string): Promise<{ readonly page: Page; readonly openedSeconds: number }> {
    const page = await this.#browser.newPage({ viewport: { width: 1280, height: 900 } });
    const openedSeconds = await secondsOf(async () => {
      await page.goto(pathToFileURL(join(folder, "index.html")).href);
      await page.waitForSelector("#runs tbody tr");
      await page.evaluate(painted);
    });
    return { page, openedSeconds };
  }
}

/** Resolves when what was drawn is on the screen. Runs in the page. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve, 0));
  });
}

function filterMs(page: Page, words: string): Promise<number> {
  return page.evaluate(async (text) => {
    const input = document.querySelector("input[type=search]");
    if (input === null) throw new Error("the page has no filter");
    const startMs = performance.now();
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((resolve) => {
      requestAnimationFrame(() => setTimeout(resolve, 0));
    });
    return performance.now() - startMs;
  }, words);
}

/** Writes the page of a campaign, in a process of its own. */
async function report(folder: string): Promise<{ readonly seconds: number; readonly memoryMB: number }> {
  const tell = "process.on('exit', () => process.stderr.write(`KiB ${process.resourceUsage().maxRSS}`))";
  let said = "";
  const seconds = await secondsOf(async () => {
    said = await program(["--import", `data:text/javascript,${encodeURIComponent(tell)}`, "main.ts", "report", folder]);
  });
  const memoryKiB = Number(/KiB (?<count>\d+)$/u.exec(said)?.groups?.["count"]);
  return { seconds, memoryMB: (memoryKiB * 1024) / 1e6 };
}

/** @returns what it says on stderr */
async function program(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${said}`);
  return said;
}

async function replayInPage(page: Page, id: string): Promise<{ readonly ms: number; readonly historyHash: string }> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/run/${id}`);
  await page.waitForFunction((title) => document.querySelector("h1")?.textContent?.endsWith(` ${title}`), id);
  const line = await page.waitForSelector(".hash", { timeout: 120_000 });
  const ms = Number(await line.getAttribute("data-wall-ms"));
  const text = (await line.textContent()) ?? "";
  return { ms, historyHash: /the same history (?<hash>[0-9a-f]{16})/u.exec(text)?.groups?.["hash"] ?? "another" };
}

const pump = hostPump();

async function replayInNode({ id, seed, variant }: HistoryLine, digest: string) {
  const wallNowMs = (): number => performance.now();
  const options = { id, seed: worldSeed({ seed, variant }), target: resilverTarget(digest), pump, wallNowMs };
  const plan = randomPlan(seed, variant);
  const { historyHash, wallMs } = await recordRun(plan, options);
  const { record } = await runPlan(plan, { ...options, replay: "", repeat: false });
  return { historyHash, ms: wallMs, unseenMs: record.wallMs };
}
