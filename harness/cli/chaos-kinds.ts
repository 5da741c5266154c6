import { CHAOS_KINDS, type ChaosKind } from "../hunt/chaos-fault.ts";
import { quoted, UsageError } from "./usage-error.ts";

/** The kinds that `text` lists, separated by commas. @throws UsageError */
export function parseKinds(text: string): readonly ChaosKind[] {
  return text.split(",").map((word) => {
    const kind = CHAOS_KINDS.find((name) => name === word.trim());
    if (kind !== undefined) return kind;
    throw new UsageError({ place: "--faults", found: quoted(word), expected: `some of ${CHAOS_KINDS.join(",")}` });
  });
}
