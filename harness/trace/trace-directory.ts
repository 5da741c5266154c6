import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openTrace } from "./open-trace.ts";
import { parseTraceCatalog, type TraceInfo } from "./trace-catalog.ts";
import type { TraceEntry } from "./trace-entry.ts";
import { TraceError } from "./trace-error.ts";
import { collectTrace, type LoadedTrace, type TraceSource } from "./trace-source.ts";

/** The traces of a directory, as its `traces.json` lists them. */
export class TraceDirectory implements TraceSource {
  readonly traces: readonly TraceInfo[];
  readonly #directory: string;
  readonly #loaded = new Map<string, Promise<LoadedTrace>>();

  /** @throws TraceError TRACE_MISSING, TRACE_CATALOG */
  constructor(directory: string) {
    this.#directory = directory;
    const path = join(directory, "traces.json");
    this.traces = parseTraceCatalog(readCatalog(path), path);
  }

  info(name: string): TraceInfo {
    const info = this.traces.find((trace) => trace.name === name);
    if (info !== undefined) return info;
    throw new TraceError("TRACE_UNKNOWN", {
      place: this.#directory,
      found: `the name ${JSON.stringify(name)}`,
      expected: this.traces.map((trace) => trace.name).join(" or "),
      remedy: "name one of these traces",
    });
  }

  open(name: string): AsyncIterable<TraceEntry> {
    const info = this.info(name);
    return openTrace(join(this.#directory, info.file), info);
  }

  /** Keeps what it loaded, for repeated runs, until {@link release}. */
  load(name: string): Promise<LoadedTrace> {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const loading = this.#load(name);
    this.#loaded.set(name, loading);
    return loading;
  }

  /** Forgets a loaded trace, so that its memory can be freed. */
  release(name: string): void {
    this.#loaded.delete(name);
  }

  async #load(name: string): Promise<LoadedTrace> {
    try {
      return await collectTrace(this.info(name), this.open(name));
    } catch (error) {
      this.#loaded.delete(name);
      throw error;
    }
  }
}

function readCatalog(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const found = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const parts = { place: path, found, expected: "a trace catalogue", remedy: "give a directory with a traces.json" };
    throw new TraceError("TRACE_MISSING", parts, { cause: error });
  }
}
