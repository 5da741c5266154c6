import { randomFillSync } from "node:crypto";
import type { Random } from "../ports/index.ts";

const POOL_DRAWS = 1024;
const pool = new Uint32Array(POOL_DRAWS);
let drawn = POOL_DRAWS;

/**
 * {@link Random} of the operating system: unpredictable, and not repeatable. Every stream draws
 * from it, so all are independent of each other, whatever their names.
 */
export class NodeRandom implements Random {
  next32(): number {
    // A call of the generator costs a microsecond or two; so it is asked for many draws at once.
    if (drawn === POOL_DRAWS) {
      randomFillSync(pool);
      drawn = 0;
    }
    return pool[drawn++] as number;
  }

  fork(_name: string): NodeRandom {
    return this;
  }
}
