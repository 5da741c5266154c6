import type { PageInput } from "../../harness/history/page-input.ts";
import { PAGE_ELEMENTS, type PageData } from "./page-data.ts";

/** What the page was made with. @throws Error if it was made without */
export function embeddedData(): PageData {
  return JSON.parse(textOf(PAGE_ELEMENTS.data)) as PageData;
}

let plans: Promise<PageInput["plans"]> | undefined;

/** What runs can be replayed from, unpacked at the first call. */
export function embeddedPlans(): Promise<PageInput["plans"]> {
  plans ??= unpacked(PAGE_ELEMENTS.plans).then((text) => JSON.parse(text) as PageInput["plans"]);
  return plans;
}

/** The program that replays a run. */
export function embeddedEngine(): Promise<string> {
  return unpacked(PAGE_ELEMENTS.engine);
}

async function unpacked(id: string): Promise<string> {
  const packed = Uint8Array.from(atob(textOf(id)), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

function textOf(id: string): string {
  const text = document.getElementById(id)?.textContent;
  if (text === undefined) throw new Error(`this page has no element ${id}: it was not written by resilver`);
  return text;
}
