import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RunRecord } from "../history/run-record.ts";
import { quoted, UsageError } from "./usage-error.ts";

/**
 * `out/`: `index.json`, `index.html`, `junit.xml`, one record a run in `runs/`, and plans in `plans/`. Records are written as the runs
 * end, so an interrupt, or a kill, loses none of them.
 */
export class OutDirectory {
  readonly path: string;

  /** @throws UsageError if nothing can be written there */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(join(path, "runs"), { recursive: true });
      removeFormer(path);
    } catch (error) {
      throw new UsageError(
        { place: "--out", found: `${quoted(path)} (${messageOf(error)})`, expected: "a folder that can be written" },
        { cause: error },
      );
    }
  }

  record(run: RunRecord): void {
    this.#write(pathOf("runs", run.id), json(run));
  }

  /** What a run was made from, under its id. */
  planOf(id: string, plan: unknown): void {
    this.#write(pathOf("plans", id), json(plan));
  }

  /** A plan that `resilver run` can read. @returns its path in the folder */
  plan(name: string, plan: unknown): string {
    const path = join("plans", `${name}.json`);
    this.#write(path, json(plan));
    return path;
  }

  /** A plan as the source of a scenario. @returns its path in the folder */
  scenario(name: string, source: string): string {
    const path = join("scenarios", `${name}.ts`);
    this.#write(path, source);
    return path;
  }

  index(document: unknown): void {
    this.#write("index.json", json(document));
  }

  /** To a file that is read line by line; the last line may lack its end after a kill. */
  append(name: "results.jsonl", text: string): void {
    appendFileSync(join(this.path, name), text);
  }

  junit(xml: string): void {
    this.#write("junit.xml", xml);
  }

  /** Of results that lie in `folder`. @returns its path */
  static page(folder: string, html: string): string {
    const path = join(folder, "index.html");
    replace(path, html);
    return path;
  }

  #write(name: string, content: string): void {
    replace(join(this.path, name), content);
  }
}

/** Under another name first: a reader sees the former file or the whole new one. */
function replace(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, content);
  renameSync(`${path}.part`, path);
}

/** Results of a former run must not pass for those of this one. Only what its index names is removed. */
function removeFormer(path: string): void {
  for (const id of formerIds(join(path, "index.json")))
    for (const folder of ["runs", "plans"] as const) rmSync(join(path, pathOf(folder, id)), { force: true });
  for (const name of ["index.json", "index.html", "junit.xml", "results.jsonl"])
    rmSync(join(path, name), { force: true });
}

function formerIds(indexPath: string): string[] {
  try {
    const document: unknown = JSON.parse(readFileSync(indexPath, "utf8"));
    if (typeof document !== "object" || document === null || !("runs" in document)) return [];
    const runs: unknown[] = Array.isArray(document.runs) ? document.runs : [];
    return runs.flatMap((run) =>
      typeof run === "object" && run !== null && "id" in run && typeof run.id === "string" ? [run.id] : [],
    );
  } catch {
    // No index, or none of ours.
    return [];
  }
}

/** Ids come from file names, of plan files too: nothing in them may leave the folder. */
function pathOf(folder: "runs" | "plans", id: string): string {
  const parts = id.split("/").map((part) => part.replace(/[^\w.-]/g, "_").replace(/^\.+/, "_"));
  return join(folder, `${parts.join("/")}.json`);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
