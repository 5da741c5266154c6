import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { JumpableRandomGenerator } from "pure-rand/types/JumpableRandomGenerator";
import type { Random } from "../../../engine/ports/index.ts";

/** The streams of one run: each is a function of the seed and the path of names alone (rule 11). */
export class SimRandom implements Random {
  readonly #path: string;
  readonly #generator: JumpableRandomGenerator;

  /** @param path the seed, then the names of the forks, joined by `/` */
  constructor(path: string) {
    this.#path = path;
    this.#generator = xoroshiro128plusFromState(stateOf(path));
  }

  next32(): number {
    return this.#generator.next() >>> 0;
  }

  fork(name: string): SimRandom {
    return new SimRandom(`${this.#path}/${name}`);
  }
}

/** Four 32-bit words from a text (splitmix over a multiply-xor hash); never all zero. */
function stateOf(text: string): number[] {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  const state: number[] = [];
  for (let word = 0; word < 4; word++) {
    hash = (hash + 0x9e3779b9) | 0;
    let mixed = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    state.push((mixed ^ (mixed >>> 15)) | word);
  }
  return state;
}
