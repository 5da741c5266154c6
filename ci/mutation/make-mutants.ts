import { Instrumenter } from "@stryker-mutator/instrumenter";
import type { Sources } from "./core-files.ts";
import type { Location, Mutant } from "./mutant.ts";
import { noBehaviour } from "./no-behaviour.ts";

export interface Mutants {
  readonly mutants: readonly Mutant[];
  /** The same files with a switch at every mutant; they need `stryMutAct_9fa48` and `stryCov_9fa48`. */
  readonly instrumented: Sources;
}

/** Every mutant that Stryker's mutators make of the files. */
export async function makeMutants(sources: Sources): Promise<Mutants> {
  const files = [...sources].map(([name, content]) => ({ name, mutate: true, content }));
  const options = { excludedMutations: [], ignorers: [noBehaviour], plugins: null, noHeader: true };
  const result = await new Instrumenter(silent).instrument(files, options);
  const seen = new Map<string, number>();
  const mutants = result.mutants.map(({ id, fileName, mutatorName, replacement, location, status, statusReason }) => {
    const original = textAt(sources.get(fileName) ?? "", location);
    const change = `${fileName}\n${mutatorName}\n${original}\n${replacement}`;
    const occurrence = (seen.get(change) ?? 0) + 1;
    seen.set(change, occurrence);
    return {
      id,
      file: fileName,
      mutator: mutatorName,
      original,
      replacement,
      location: fromOne(location),
      ignored: status === "Ignored" ? (statusReason ?? "") : "",
      key: `${change}\n${occurrence}`,
    };
  });
  return { mutants, instrumented: new Map(result.files.map(({ name, content }) => [name, content])) };
}

/** Stryker counts from 0, reports from 1. */
function fromOne({ start, end }: Location): Location {
  return {
    start: { line: start.line + 1, column: start.column + 1 },
    end: { line: end.line + 1, column: end.column + 1 },
  };
}

function textAt(source: string, { start, end }: Location): string {
  const lines = source.split("\n").slice(start.line, end.line + 1);
  const last = lines.length - 1;
  lines[last] = lines[last]?.slice(0, end.column) ?? "";
  lines[0] = lines[0]?.slice(start.column) ?? "";
  return lines.join("\n");
}

function nothing(): void {
  // What the instrumenter tells is of no use here.
}

const silent = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
};
