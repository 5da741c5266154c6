import type { PageInput } from "../../harness/history/page-input.ts";
import { PAGE_ELEMENTS, type PageData, type TrendsData } from "./page-data.ts";
import { readColumns } from "./run-columns.ts";
import { RunTable } from "./run-table.ts";

/** The page that the data is taken from: this one, or a newer one of the same campaign. */
let source: Document = document;

/** What the page was made with. @throws Error if it was made without */
export function embeddedData(): PageData | TrendsData {
  return JSON.parse(textOf(PAGE_ELEMENTS.data)) as PageData | TrendsData;
}

/** Takes the data from `html`, a newer page, from now on. */
export function takeFrom(html: string): void {
  source = new DOMParser().parseFromString(html, "text/html");
  plans = undefined;
}

export async function embeddedRuns(data: PageData): Promise<RunTable> {
  const bytes = await unpacked(PAGE_ELEMENTS.runs).arrayBuffer();
  return new RunTable(data, readColumns(bytes, data.runCount, data.faultCount));
}

let plans: Promise<PageInput["plans"]> | undefined;

/** What runs can be replayed from, unpacked at the first call. */
export function embeddedPlans(): Promise<PageInput["plans"]> {
  plans ??= unpacked(PAGE_ELEMENTS.plans)
    .text()
    .then((text) => JSON.parse(text) as PageInput["plans"]);
  return plans;
}

/** The program that replays a run. */
export function embeddedEngine(): Promise<string> {
  return unpacked(PAGE_ELEMENTS.engine).text();
}

function unpacked(id: string): Response {
  const stream = new Blob([bytesOf(textOf(id))]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream);
}

/** Of Base64. Not one character at a time: there may be millions. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  if ("fromBase64" in Uint8Array) return (Uint8Array as unknown as FromBase64).fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Of browsers since 2025. */
interface FromBase64 {
  fromBase64(text: string): Uint8Array<ArrayBuffer>;
}

function textOf(id: string): string {
  const text = source.getElementById(id)?.textContent;
  if (text === undefined) throw new Error(`this page has no element ${id}: it was not written by resilver`);
  return text;
}
