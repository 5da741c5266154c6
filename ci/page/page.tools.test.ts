import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

// The page as a person opens it: a file, in Chromium, without a network.

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "resilver-page-"));
const RUN = "#/run/smallest/link-suspension";

let browser: Browser;
const complaints: string[] = [];

function resilver(...args: string[]): string {
  return execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", "main.ts", ...args], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

beforeAll(async () => {
  execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", "ci/page/build.ts"], { cwd: root });
  resilver("run", "smallest/*", "detection/*", "--no-repeat", "--out", folder);
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
}, 120_000);

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
  expect(complaints).toEqual([]);
});

function copyOf(results: string): string {
  const copy = mkdtempSync(join(tmpdir(), "resilver-page-copy-"));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  cpSync(results, copy, { recursive: true });
  return copy;
}

async function open(hash = "", scheme: "light" | "dark" = "light", results = folder): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: scheme });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!/^(?:file|data|blob):/u.test(request.url())) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(`${pathToFileURL(join(results, "index.html")).href}${hash}`);
  await page.waitForSelector("h1");
  return page;
}

async function openRun(hash = RUN): Promise<Page> {
  const page = await open(hash);
  await page.waitForSelector(".hash", { timeout: 30_000 });
  return page;
}

async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await checker.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}

test("the verdict stands first; every run is there; nobody is locked out, by day and by night", async () => {
  for (const scheme of ["light", "dark"] as const) {
    const page = await open("", scheme);
    expect(await page.textContent("h1")).toContain("PASS");
    expect(await page.locator("#runs tbody tr").count()).toBe(15);
    expect(await page.locator("#recovery svg").first().getAttribute("aria-label")).toMatch(
      /^Resync by fault, ms\. .*cut: 2 × · /u,
    );
    expect(await violationsOf(page)).toEqual([]);
    await page.close();
  }
});

test("a filter leaves what it names", async () => {
  const page = await open();
  await page.fill("input[type=search]", "detection bit-flip");
  await expect.poll(() => page.locator("#runs tbody tr").count()).toBe(1);
  expect(await page.textContent("output")).toBe("1 of 15 runs");
  await page.fill("input[type=search]", "nothing is called that");
  await expect.poll(() => page.locator("#runs tbody tr").count()).toBe(0);
  await page.close();
});

test("each run has the same history in the browser as when it was judged", async () => {
  const { runs } = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as {
    runs: { id: string; historyHash: string }[];
  };
  const page = await open();
  let replayed = 0;
  for (const { id, historyHash } of runs) {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/run/${id}`);
    await page.waitForFunction((title) => document.querySelector("h1")?.textContent?.includes(title), id);
    await page.waitForSelector(".hash, main > p[role=status]:has-text('cannot')", { timeout: 30_000 });
    if ((await page.locator(".hash").count()) === 0) {
      // File systems are not to be had in a browser.
      expect.soft(await page.textContent("main > p[role=status]"), id).toContain("file systems");
      continue;
    }
    expect.soft(await page.textContent(".hash"), id).toContain(`the same history ${historyHash}`);
    replayed++;
  }
  expect(replayed).toBe(13);
  await page.close();
}, 120_000);

test("another history than the recorded one is told as such", async () => {
  const out = copyOf(folder);
  const path = join(out, "history.jsonl");
  const changed = readFileSync(path, "utf8").replaceAll(
    /"historyHash":"[0-9a-f]+"/gu,
    '"historyHash":"0123456789abcdef"',
  );
  writeFileSync(path, changed);
  resilver("report", out);
  const page = await open(RUN, "light", out);
  await page.waitForSelector(".hash", { timeout: 30_000 });
  expect(await page.textContent(".hash")).toContain("to another history");
  expect(await page.textContent(".hash")).toContain("instead of 0123456789abcdef");
  await page.close();
});

test("keys and the slider go to any event, and tables, map and list follow", async () => {
  const page = await openRun();
  const place = async (): Promise<number> => Number(await page.inputValue("input[type=range]"));
  await page.keyboard.press("Home");
  await expect.poll(place).toBe(0);
  expect(await page.textContent(".system h3")).toContain("not started");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  await expect.poll(place).toBe(11);
  await page.keyboard.press("End");
  await expect.poll(place).toBeGreaterThan(100);
  const last = await place();
  await expect.poll(() => page.textContent(".state tbody")).toContain("DUPLEX");
  await expect.poll(() => page.textContent(".events [aria-current=true]")).toContain(`#${last} `);
  await page.locator("input[type=range]").fill(String(Math.floor(last / 2)));
  await expect.poll(() => page.textContent(".events [aria-current=true]")).toContain(`#${Math.floor(last / 2)} `);
  expect(await page.locator(".lanes .status").count()).toBeGreaterThan(1);
  expect(await page.locator("canvas").count()).toBe(2);
  expect(await violationsOf(page)).toEqual([]);
  await page.close();
});

test("a hunt has a page, too: what was reached, and each failure with its small scenario and the run to look at", async () => {
  const out = join(folder, "hunt");
  resilver("hunt", "--seeds", "0..2", "--no-corpus", "--out", out);
  // No failure at hand: seed 1 stands for one.
  const path = join(out, "index.json");
  const document = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const group = { seed: "1", fingerprint: "D after resync.begin under cut", count: 3, message: "D", replay: "X" };
  const small = { steps: 4, faults: 1, runs: 9, isSmallest: true, replay: "replay Y", scenario: "x/small-1.ts" };
  mkdirSync(join(out, "scenarios"));
  writeFileSync(join(out, "scenarios/small-1.ts"), "export default scenario({ name: '</script>' });");
  writeFileSync(path, JSON.stringify({ ...document, verdict: "FAIL", failedCount: 3, groups: [{ ...group, small }] }));
  resilver("report", out);

  const page = await open("", "light", out);
  expect(await page.textContent("h1")).toContain("FAIL hunt, seeds 0..2");
  expect(await page.textContent("#coverage")).toContain("3 runs of seeds 0..2");
  expect(await page.textContent("#failures pre")).toContain("name: '</script>'");
  expect(await violationsOf(page)).toEqual([]);
  await page.click("#failures a");
  await page.waitForSelector(".hash", { timeout: 30_000 });
  expect(await page.textContent(".hash")).toContain("the same history");
  await page.close();
});

test("what a kill left is shown as incomplete, and the runs that ended can be looked at", async () => {
  const out = copyOf(folder);
  rmSync(join(out, "index.json"));
  const history = readFileSync(join(out, "history.jsonl"), "utf8").split("\n");
  writeFileSync(join(out, "history.jsonl"), `${history.slice(0, 4).join("\n")}\n${history[4]?.slice(0, 40)}`);
  expect(resilver("report", out)).toMatch(
    /^INCOMPLETE: run was not brought to its end.*; 4 of 15 runs ended\nreport: /u,
  );
  const page = await open("", "light", out);
  expect(await page.textContent("h1")).toContain("INCOMPLETE");
  expect(await page.textContent("h1")).not.toContain("PASS");
  expect(await page.textContent("#verdict")).toContain("4 of 15");
  expect(await violationsOf(page)).toEqual([]);
  const ended = JSON.parse(history[0] ?? "") as { id: string; historyHash: string };
  await page.click(`#runs a[href="#/run/${ended.id}"]`);
  await page.waitForSelector(".hash, main > p[role=status]:has-text('cannot')", { timeout: 30_000 });
  expect(await page.textContent("header")).toContain(ended.historyHash);
  await page.close();
});

test("the page that is served shows runs as they end, keeps what was typed, and is for this machine alone", async () => {
  const out = copyOf(folder);
  const history = readFileSync(join(out, "history.jsonl"), "utf8").split("\n").filter(Boolean);
  rmSync(join(out, "index.json"));
  writeFileSync(join(out, "history.jsonl"), `${history.slice(0, 4).join("\n")}\n`);
  const server = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "main.ts", "serve", out], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void server.kill("SIGKILL"));
  const [said] = (await once(server.stdout, "data")) as [Buffer];
  const address = /http:\/\/127\.0\.0\.1:\d+\//u.exec(said.toString())?.[0] ?? "";
  const page = await browser.newPage();
  await page.goto(address);
  await page.waitForSelector("h1");
  expect(await page.textContent("#verdict")).toContain("4 of 15");
  await page.fill("input[type=search]", "detection");
  appendFileSync(join(out, "history.jsonl"), `${history[4]}\n`);
  await expect.poll(() => page.textContent("#verdict"), { timeout: 20_000 }).toContain("5 of 15");
  expect(await page.inputValue("input[type=search]")).toBe("detection");
  await page.close();
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    get(address, { headers: { host: "example.org" } }, ({ statusCode }) => resolve(statusCode)).on("error", reject);
  });
  expect(answer).toBe(403);
  server.kill("SIGINT");
  const [code] = (await once(server, "exit")) as [number | null];
  expect(code).toBe(0);
});

test("campaigns one after the other have a page", async () => {
  const file = join(copyOf(folder), "trends.jsonl");
  expect(resilver("trends", file, folder, "--commit", "0123456789ab")).toContain("1 campaigns in");
  const page = await browser.newPage();
  await page.goto(pathToFileURL(file.replace(".jsonl", ".html")).href);
  await page.waitForSelector("h1");
  expect(await page.textContent("h1")).toContain("PASS Trends");
  expect(await page.textContent("tbody")).toContain("0123456789ab");
  expect(await violationsOf(page)).toEqual([]);
  await page.close();
});

test("a page of no results is refused in one line", () => {
  const end = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", "main.ts", "report", "no/where"], {
    cwd: root,
    encoding: "utf8",
  });
  expect(end.status).toBe(254);
  expect(end.stderr).toMatch(/^resilver: no\/where\/start\.json: found ENOENT.*expected results.*\n$/u);
});

test("it prints", async () => {
  const page = await open();
  const pdf = await page.pdf({ format: "A4" });
  expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
  await page.close();
});

test("with all that it needs it is small", () => {
  expect(readFileSync(join(root, "dist/page.html")).length).toBeLessThan(300 * 1024);
});
