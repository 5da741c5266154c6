import type { Section } from "../measure.ts";
import { initialCopy } from "./initial-copy.ts";
import { mirroredWrites, WRITE_BENCHES } from "./mirrored-writes.ts";
import { resyncBytes } from "./resync-bytes.ts";
import type { EngineSettings } from "./settings.ts";

/** The names of {@link engineParts}. */
export const ENGINE_PARTS: readonly string[] = [...WRITE_BENCHES.map(({ name }) => name), "copy", "resync"];

/** The parts of `bench engine`, in the order they are run. */
export function engineParts(
  settings: Omit<EngineSettings, "rounds">,
): ReadonlyMap<string, (rounds: number) => Promise<Section>> {
  return new Map([
    ...WRITE_BENCHES.map(
      (bench) =>
        [bench.name, (rounds: number): Promise<Section> => mirroredWrites(bench, { ...settings, rounds })] as const,
    ),
    ["copy", (rounds) => initialCopy({ ...settings, rounds })],
    ["resync", (rounds) => resyncBytes({ ...settings, rounds })],
  ]);
}
