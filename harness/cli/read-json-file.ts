import { readFileSync, statSync } from "node:fs";
import type { z } from "zod";
import { quoted, UsageError } from "./usage-error.ts";

const BYTES_MAX = 64 * 1024 * 1024;

/**
 * A JSON file that a caller names.
 *
 * @param what it is, after "expected": `a dossier as JSON`
 * @throws UsageError naming the file and the place in it
 */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>, what: string): T {
  let data: unknown;
  try {
    const { size } = statSync(path);
    if (size > BYTES_MAX) throw new Error(`${size} bytes`);
    data = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : messageOf(error);
    throw new UsageError({ place: path, found: code, expected: what }, { cause: error });
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = [path, ...(issue?.path.map(String) ?? [])].join(": ");
  throw new UsageError({ place, found: quoted(issue?.message ?? ""), expected: what });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
