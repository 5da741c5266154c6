import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const MS_MAX = 60_000;
const BROWSERS = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Prints a page with Chromium, without a network.
 *
 * @returns the path of the PDF, or in words why there is none: a report without it is as good
 */
export async function printPdf(html: string, pdf: string): Promise<string> {
  const folders = (process.env["PATH"] ?? "").split(":");
  const browser = folders
    .flatMap((folder) => BROWSERS.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
  if (browser === undefined) return "none: there is no Chromium on PATH";
  const profile = await mkdtemp(join(tmpdir(), "resilver-pdf-"));
  try {
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-pdf-header-footer",
      `--user-data-dir=${profile}`,
    ];
    const address = pathToFileURL(resolve(html)).href;
    await promisify(execFile)(browser, [...flags, `--print-to-pdf=${resolve(pdf)}`, address], { timeout: MS_MAX });
    return existsSync(pdf) ? pdf : "none: Chromium wrote nothing";
  } catch (error) {
    return `none: Chromium failed: ${error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error)}`;
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  }
}
