import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { JumpableRandomGenerator } from "pure-rand/types/JumpableRandomGenerator";
import type { Random } from "../../../engine/ports/index.ts";

/** What all streams of a run draw from since it was last seeded. */
interface Era {
  /** Empty until it was seeded again. */
  salt: string;
}

/** The streams of one run: each is a function of the seed and the path of names alone (rule 11). */
export class SimRandom implements Random {
  readonly #state: readonly number[];
  readonly #era: Era;
  #salt = "";
  #generator: JumpableRandomGenerator;

  /** @param name the seed of the run; with `parent`, the name of the fork */
  constructor(name: string, parent?: SimRandom) {
    this.#state = stateOf(name, parent === undefined ? ROOT : parent.#state);
    this.#era = parent === undefined ? { salt: "" } : parent.#era;
    this.#generator = xoroshiro128plusFromState([...this.#state]);
  }

  next32(): number {
    if (this.#salt !== this.#era.salt) this.#startAgain();
    return this.#generator.next() >>> 0;
  }

  /** From now on this stream, and all that share its root, give other numbers: those of `salt`. */
  reseed(salt: string): void {
    this.#era.salt = salt;
  }

  #startAgain(): void {
    this.#salt = this.#era.salt;
    this.#generator = xoroshiro128plusFromState([...stateOf(this.#salt, this.#state)]);
  }

  fork(name: string): SimRandom {
    return new SimRandom(name, this);
  }
}

const ROOT: readonly number[] = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];

/**
 * The 128 bits of a stream's first state: those of its parent and every unit of its name, mixed over
 * four lanes (the shape of MurmurHash3 x86_128). Hashing level by level keeps `fork("a/b")` apart
 * from `fork("a").fork("b")`; 128 bits keep streams of unlike paths apart.
 */
function stateOf(name: string, parent: readonly number[]): readonly number[] {
  let [h1 = 0, h2 = 0, h3 = 0, h4 = 0] = parent;
  for (let index = 0; index < name.length; index++) {
    const unit = name.charCodeAt(index);
    h1 = Math.imul(h1 ^ unit, 0x239b961b);
    h2 = Math.imul(h2 ^ unit ^ (h1 >>> 15), 0xab0e9789);
    h3 = Math.imul(h3 ^ unit ^ (h2 >>> 13), 0x38b34ae5);
    h4 = Math.imul(h4 ^ unit ^ (h3 >>> 16), 0xa1e38b93);
    h1 ^= h4 >>> 14;
  }
  h1 ^= name.length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = mix(h2 + h1);
  h3 = mix(h3 + h2);
  h4 = mix(h4 + h3);
  h1 = mix(h1 + h4);
  // The one state that the generator cannot leave.
  return (h1 | h2 | h3 | h4) === 0 ? ROOT : [h1, h2, h3, h4];
}

/** A bijection of 32 bits in which every bit of the input reaches every bit of the output. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}
