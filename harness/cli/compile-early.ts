import { setFlagsFromString } from "node:v8";

/**
 * Has V8 compile for good what was called 1000 times, in place of 3000: much of a run happens a few times in each, so that
 * a campaign would be through before the compiler is. For the whole process; figures in `docs/performance.md`.
 */
export function compileEarly(): void {
  setFlagsFromString("--invocation-count-for-turbofan=1000");
}
