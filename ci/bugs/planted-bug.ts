import { readdirSync, readFileSync } from "node:fs";

/** Where the patches are, each with a header of `Name: value` lines before the first file of the patch. */
export const PATCH_FOLDER: URL = new URL("./patches/", import.meta.url);

/** A way in which a real replication engine lost or diverged data, moved to the corresponding code of this one. */
export interface PlantedBug {
  /** Of the list of real bugs. */
  readonly number: number;
  /** What went wrong in the real engine. */
  readonly mechanism: string;
  /** Where it was found: a project with a commit, an issue, a document; `R`: realistic, no public source. */
  readonly source: string;
  /** The invariants that should find it. */
  readonly expected: readonly string[];
  /** What it is in this engine. */
  readonly here: string;
  /** Name of the patch file. */
  readonly file: string;
  readonly patch: string;
}

const FIELDS = ["Bug", "Mechanism", "Source", "Expect", "Here"] as const;

/** @throws Error if a line of the header is missing, naming the file */
export function parsePatch(file: string, patch: string): PlantedBug {
  const head = patch.slice(0, patch.indexOf("\n--- "));
  const [number, mechanism, source, expected, here] = FIELDS.map((field) => {
    const value = new RegExp(`^${field}: (.+)$`, "m").exec(head)?.[1];
    if (value === undefined) throw new Error(`${file}: expected a line "${field}: ..." before the patch, found none`);
    return value;
  }) as [string, string, string, string, string];
  if (!file.startsWith(`${number.padStart(2, "0")}-`)) throw new Error(`${file}: expected a name with ${number} first`);
  return { number: Number(number), mechanism, source, expected: expected.split(" "), here, file, patch };
}

/** All of them, by number. */
export function plantedBugs(): PlantedBug[] {
  return readdirSync(PATCH_FOLDER)
    .filter((file) => file.endsWith(".patch"))
    .map((file) => parsePatch(file, readFileSync(new URL(file, PATCH_FOLDER), "utf8")))
    .sort((left, right) => left.number - right.number);
}
