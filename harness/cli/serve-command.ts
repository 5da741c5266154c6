import { existsSync, statSync } from "node:fs";
import { once } from "node:events";
import type { Server } from "node:http";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { CommandLineParts } from "./command-line-parts.ts";
import { EXIT } from "./exit-code.ts";
import { CAMPAIGN_FILES } from "./out-directory.ts";
import { UsageError } from "./usage-error.ts";
import { noPage, pageOf } from "./write-page.ts";

/** How often the folder is looked at, and how seldom a page is made that takes long: not above a fifth of the time. */
const LOOK_MS = 1000;
const REST_FACTOR = 4;
/** Browsers that are told of changes at once. */
const LISTENERS_MAX = 16;

/**
 * Serves the page of a campaign to this machine alone, and tells it when there is more of it; until it is interrupted.
 *
 * @returns the exit code
 * @throws UsageError if there is no campaign, or nobody can listen on the port
 */
export async function serveCommand(parts: CommandLineParts, folder: string, port: number): Promise<number> {
  const { terminal, interrupt } = parts;
  const page = new LivePage(parts, folder);
  // What cannot be shown is told now.
  page.html();
  let listeners = 0;
  const app = new Hono();
  app.use(async (context, next) => {
    // A page of the web that has its name resolve to this machine is not to read it.
    const host = new URL(context.req.url).hostname;
    if (host !== "127.0.0.1" && host !== "localhost") return context.text("only for this machine\n", 403);
    return next();
  });
  app.get("/", (context) => {
    context.header("cache-control", "no-store");
    return context.html(page.html());
  });
  app.get("/changes", (context) => {
    if (listeners >= LISTENERS_MAX) return context.text("too many listen\n", 503);
    return streamSSE(context, async (stream) => {
      listeners++;
      stream.onAbort(() => {
        listeners--;
      });
      let told = page.stamp();
      while (!stream.aborted && !interrupt.aborted) {
        await stream.sleep(LOOK_MS);
        const stamp = page.stamp();
        if (stamp === told || page.rests()) continue;
        told = stamp;
        await stream.writeSSE({ event: "changed", data: stamp });
      }
    });
  });
  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }) as Server;
  try {
    await Promise.race([
      once(server, "listening"),
      once(server, "error").then(([error]) => Promise.reject(error as Error)),
    ]);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new UsageError({ place: "--port", found, expected: "a port that is free" }, { cause: error });
  }
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  terminal.out(`serving ${folder} at http://127.0.0.1:${bound}/\n`);
  if (!interrupt.aborted) await once(interrupt, "abort");
  server.closeAllConnections();
  server.close();
  return EXIT.pass;
}

/** The page of a folder, made when it is asked for and something has changed. */
class LivePage {
  readonly #parts: CommandLineParts;
  readonly #folder: string;
  #made: { readonly stamp: string; readonly html: string } | undefined;
  #restUntilMs = 0;

  constructor(parts: CommandLineParts, folder: string) {
    this.#parts = parts;
    this.#folder = folder;
  }

  /** Another one as soon as there is more of the campaign. */
  stamp(): string {
    return [CAMPAIGN_FILES.start, CAMPAIGN_FILES.history, CAMPAIGN_FILES.results]
      .map((name) => join(this.#folder, name))
      .map((path) => (existsSync(path) ? `${statSync(path).size} ${statSync(path).mtimeMs}` : "none"))
      .join(", ");
  }

  /** True shortly after a page was made that took long. */
  rests(): boolean {
    return performance.now() < this.#restUntilMs;
  }

  html(): string {
    const stamp = this.stamp();
    if (this.#made !== undefined && (this.#made.stamp === stamp || this.rests())) return this.#made.html;
    const startMs = performance.now();
    const html = pageOf(this.#parts, this.#folder)?.html;
    if (html === undefined) throw noPage("serve");
    this.#made = { stamp, html };
    this.#restUntilMs = performance.now() + (performance.now() - startMs) * REST_FACTOR;
    return html;
  }
}
