/** What the primary tells the secondary of a pair, again and again, over the second port of their link. */
export interface PeerWord {
  readonly pair: string;
  /** At the secondary. */
  readonly volume: string;
  readonly status: "COPY" | "DUPLEX" | "SPLIT";
  readonly suspension: string;
  readonly consistent: boolean;
  /** What hosts may do at the secondary of a pair that is SPLIT by a command. */
  readonly secondary: "read-only" | "read-write";
  /** The pair is no more. */
  readonly isDeleted?: true;
}

/** What the secondary answers. */
export interface PeerAnswer {
  /** Another one after each start of the secondary. */
  readonly boot: string;
  /** All that the pair is to hold is there, as far as the secondary can tell by itself. */
  readonly isHeld?: boolean;
}

/** After so long without a word the other end counts as gone. */
export const SILENCE_MS = 1500;
const ANSWER_MS_MAX = 1200;

/** @returns the answer; `undefined` if there was none */
export async function tellPeer(host: string, port: number, word: PeerWord): Promise<PeerAnswer | undefined> {
  try {
    const response = await fetch(`http://${host}:${port}/word`, {
      method: "POST",
      body: JSON.stringify(word),
      // A connection that was cut in the meantime would be noticed by the next word only.
      headers: { connection: "close" },
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    return response.ok ? ((await response.json()) as PeerAnswer) : undefined;
  } catch {
    return undefined;
  }
}
