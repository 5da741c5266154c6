import type { Pair } from "./pair.ts";

/** The other end's volume takes over other content: what is here is no moment of it from now on. */
export async function beginRewrite(pair: Pair): Promise<void> {
  const { entry } = pair;
  entry.consistent = false;
  entry.copyFrom = entry.current;
  await pair.persist();
  pair.runtime.log.step("pair.rewriting", { pair: entry.name });
}

/** All of the content is here, and durable. */
export async function completeRewrite(pair: Pair): Promise<void> {
  const { entry, volume } = pair;
  await volume.journal?.mark(false);
  entry.consistent = true;
  await pair.persist();
  pair.runtime.log.step("pair.rewritten", { pair: entry.name });
}
