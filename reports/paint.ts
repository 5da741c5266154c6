import { styleText } from "node:util";
import type { Verdict } from "../harness/history/run-record.ts";

/** Colours text, or leaves it as it is. */
export type Paint = (style: PaintStyle, text: string) => string;

export type PaintStyle = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";

/** Escape sequences if `colour`; whoever calls knows the terminal and NO_COLOR. */
export function painter(colour: boolean): Paint {
  return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

/** Red for what is wrong, yellow for what is undecided, green for what holds. */
export function verdictStyle(verdict: Verdict): PaintStyle {
  switch (verdict) {
    case "PASS":
      return "green";
    case "FAIL":
    case "ERROR":
      return "red";
    case "UNKNOWN":
    case "SKIPPED":
      return "yellow";
    case "NOT_APPLICABLE":
    case "WAIVED":
      return "dim";
  }
}
