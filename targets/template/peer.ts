/** What the primary tells the secondary of a pair. */
export interface Word {
  readonly pair: string;
  /** At the secondary. */
  readonly volume: string;
  readonly status: "COPY" | "DUPLEX" | "SPLIT";
  readonly suspension: string;
  /** Whether what the secondary holds is some moment of the primary. */
  readonly consistent: boolean;
  readonly isDeleted?: true;
}

/** After so long without a word the other end counts as gone. */
export const SILENCE_MS = 1500;
const ANSWER_MS_MAX = 1200;

/** The other end of a link, from the end that dials. No answer in time means that nobody knows. */
export class Peer {
  readonly #url: string;
  #heardMs = -SILENCE_MS;

  constructor(host: string, port: number) {
    this.#url = `http://${host}:${port}`;
  }

  get isConnected(): boolean {
    return performance.now() - this.#heardMs < SILENCE_MS;
  }

  /** @returns what names the present start of the other end; `undefined` without an answer */
  async tell(word: Word): Promise<string | undefined> {
    return (await this.#post("/word", JSON.stringify(word)))?.boot;
  }

  async write(volume: string, offsetBytes: number, data: Uint8Array, fua: boolean): Promise<boolean> {
    const query = `volume=${encodeURIComponent(volume)}&at=${offsetBytes}&fua=${fua ? 1 : 0}`;
    return (await this.#post(`/write?${query}`, new Uint8Array(data))) !== undefined;
  }

  async flush(volume: string): Promise<boolean> {
    return (await this.#post(`/flush?volume=${encodeURIComponent(volume)}`, "")) !== undefined;
  }

  async #post(path: string, body: string | Uint8Array<ArrayBuffer>): Promise<{ readonly boot: string } | undefined> {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const response = await fetch(`${this.#url}${path}`, { method: "POST", body, signal });
      if (!response.ok) return undefined;
      const answer = (await response.json()) as { readonly boot: string };
      this.#heardMs = performance.now();
      return answer;
    } catch {
      return undefined;
    }
  }
}
