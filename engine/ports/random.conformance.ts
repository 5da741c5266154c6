import { type ConformanceTest, expectSame, expectThat } from "./conformance.ts";
import { below, chance, type Random } from "./random.ts";

export interface RandomConformanceOptions {
  readonly test: ConformanceTest;
  /** The root stream of `seed`. */
  open(seed: string): Random;
  /** Leave it out for a repeatable source; set it for one that is not (of the host, say). */
  readonly lacks?: { readonly repeatable?: string };
}

const SEEDS = ["0", "1", "2", "seed", "a much longer seed, 1234567890"];

/** What every {@link Random} does. Repeatable sources only draw fixed sequences, so no case is flaky for them. */
export function randomConformance({ test, open, lacks }: RandomConformanceOptions): void {
  test("random: draws are whole numbers, 0 ≤ n < 2^32", () => {
    const random = open("range");
    for (const draw of draws(random, 1000)) {
      expectThat(Number.isInteger(draw) && draw >= 0 && draw < 0x1_0000_0000, `drew ${draw}`);
    }
  });

  if (lacks?.repeatable === undefined) {
    test("random: the same seed and path give the same stream", () => {
      for (const seed of SEEDS) {
        expectSame(draws(open(seed), 20), draws(open(seed), 20), `seed ${seed}`);
        const fork = (): Random => open(seed).fork("disk").fork("pvol");
        expectSame(draws(fork(), 20), draws(fork(), 20), `seed ${seed}, fork disk, fork pvol`);
      }
    });

    test("random: a fork is unaffected by draws and forks made before", () => {
      for (const seed of SEEDS) {
        const fresh = draws(open(seed).fork("net"), 20);
        const used = open(seed);
        draws(used, 7);
        draws(used.fork("disk"), 3);
        expectSame(draws(used.fork("net"), 20), fresh, `seed ${seed}, fork net after draws`);
      }
    });

    test("random: a fork does not shift the stream it was taken from", () => {
      for (const seed of SEEDS) {
        const used = open(seed);
        draws(used.fork("net"), 5);
        expectSame(draws(used, 20), draws(open(seed), 20), `seed ${seed} after a fork`);
      }
    });
  }

  test("random: unlike seeds and unlike paths give unlike streams", () => {
    const paths: readonly (readonly string[])[] = [
      [],
      ["a"],
      ["b"],
      ["a", "b"],
      ["b", "a"],
      ["ab"],
      ["a/b"],
      [""],
      ["", ""],
      ["a", ""],
      ["1"],
      ["11"],
    ];
    const seen = new Map<string, string>();
    for (const seed of SEEDS) {
      for (const path of paths) {
        let random = open(seed);
        for (const name of path) random = random.fork(name);
        const place = JSON.stringify([seed, ...path]);
        const key = draws(random, 4).join(" ");
        expectThat(!seen.has(key), `${place} draws the same as ${seen.get(key)}`);
        seen.set(key, place);
      }
    }
  });

  test("random: every bit is set in about half of the draws", () => {
    const count = 4096;
    const drawn = draws(open("bits").fork("x"), count);
    for (let bit = 0; bit < 32; bit++) {
      const ones = drawn.filter((draw) => (draw >>> bit) & 1).length;
      // Six standard deviations (32 each) around the mean of a fair coin.
      expectThat(Math.abs(ones - count / 2) < 192, `bit ${bit} was set ${ones} times in ${count}`);
    }
  });

  test("random: below() is uniform and in range", () => {
    for (const bound of [1, 2, 3, 10, 1000, 0x8000_0001, 0x1_0000_0000]) {
      const random = open(`below ${bound}`);
      const buckets = new Array<number>(Math.min(bound, 10)).fill(0);
      const each = 2000;
      for (let draw = 0; draw < each * buckets.length; draw++) {
        const value = below(random, bound);
        expectThat(Number.isInteger(value) && value >= 0 && value < bound, `below ${bound} gave ${value}`);
        const bucket = Math.floor((value / bound) * buckets.length);
        buckets[bucket] = (buckets[bucket] as number) + 1;
      }
      // Six standard deviations of a bucket (at most sqrt(2000)).
      for (const [bucket, hits] of buckets.entries())
        expectThat(
          Math.abs(hits - each) < 270,
          `below ${bound}: tenth ${bucket} was hit ${hits} times, expected about ${each}`,
        );
    }
  });

  test("random: chance() is never true at 0, always at 1, and costs one draw", () => {
    const random = open("chance");
    for (let draw = 0; draw < 100; draw++) {
      expectThat(!chance(random, 0), "chance 0 was true");
      expectThat(chance(random, 1), "chance 1 was false");
    }
    if (lacks?.repeatable !== undefined) return;
    const counted = open("chance");
    draws(counted, 200);
    expectSame(draws(random, 4), draws(counted, 4), "stream after 200 chances");
  });
}

function draws(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.next32());
}
