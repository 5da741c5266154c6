/**
 * What an outside program says of a volume. `unknown` means that it could not be asked, and is
 * never a pass (rule 10).
 */
export interface Judgement {
  readonly judge: "e2fsck" | "sqlite";
  readonly outcome: "accepted" | "refused" | "unknown";
  /** One line, the same for the same content. */
  readonly why: string;
  /** What makes an unknown answer a known one; "" otherwise. */
  readonly remedy: string;
}

export function accepted(judge: Judgement["judge"], why: string): Judgement {
  return { judge, outcome: "accepted", why, remedy: "" };
}

export function refused(judge: Judgement["judge"], why: string): Judgement {
  return { judge, outcome: "refused", why, remedy: "" };
}

export function unknown(judge: Judgement["judge"], why: string, remedy: string): Judgement {
  return { judge, outcome: "unknown", why, remedy };
}
