import fc from "fast-check";
import {
  after,
  converged,
  create,
  fill,
  heal,
  KiB,
  mark,
  ms,
  type Plan,
  parsePlan,
  restart,
  resync,
  status,
  together,
  wait,
  workload,
  write,
} from "../plan/index.ts";
import { PLAN_SCHEMA_VERSION } from "../plan/plan.ts";
import type { Step } from "../plan/step.ts";
import { type InWords, oneOf, strikes } from "./random-strike.ts";
import { type Kind, WORDS, type Words } from "./random-words.ts";

const workloads: fc.Arbitrary<InWords<Step>> = fc
  .record({
    volume: oneOf(({ volumes }) => volumes),
    writes: fc.integer({ min: 1, max: 40 }),
    partialTrack: fc.constantFrom(0, 0.3, 1),
    flushEvery: fc.integer({ min: 1, max: 20 }),
    fua: fc.constantFrom(0, 0.3),
    trim: fc.constantFrom(0, 0.2),
    reads: fc.constantFrom(0, 0.5),
    concurrency: fc.integer({ min: 1, max: 6 }),
    thinkUsMax: fc.integer({ min: 0, max: 2000 }),
  })
  .map(
    ({ volume, ...options }) =>
      (words) =>
        workload(volume(words), { ...options, bytesMax: KiB(8) }),
  );

const commands: fc.Arbitrary<InWords<Step>> = fc
  .tuple(
    fc.integer({ min: 0, max: 60 }),
    oneOf(({ commands: all }) => all),
  )
  .map(
    ([delayMs, given]) =>
      (words) =>
        after(ms(delayMs), given(words)),
  );

/** Commands under load, one after the other or two at once, each with or without faults in the middle of it. */
const rounds: fc.Arbitrary<readonly InWords<Step>[]> = fc.array(
  fc
    .tuple(
      fc.array(workloads, { minLength: 1, maxLength: 2 }),
      fc.array(fc.array(commands, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 2 }),
      fc.array(strikes, { maxLength: 2 }),
    )
    .map(
      ([load, given, struck]): InWords<Step> =>
        (words) => {
          const inWords = (one: InWords<Step>): Step => one(words);
          const lanes: Step[] = load.map(inWords);
          for (const lane of given) lanes.push({ kind: "sequence", steps: lane.map(inWords) });
          return together(...lanes, ...struck.map(inWords));
        },
    ),
  { minLength: 1, maxLength: 4 },
);

/** Every pair is there, and the moments have names. */
function prologue({ volumes: [first = ""], pairs, marked }: Words, settles: boolean): Step[] {
  const steps: Step[] = [write(first, fill("at first")), ...pairs.map((pair) => create(pair))];
  if (marked.length > 0) steps.push(mark("m1", marked), mark("m2", marked));
  if (settles) for (const pair of pairs) steps.push(wait(status(pair, "DUPLEX")));
  return steps;
}

/** Whatever struck is over, and whoever the operator left split or without a pair is brought together again. */
function epilogue({ topology, pairs, remotes }: Words): Step[] {
  const steps: Step[] = [
    ...topology.links.map(({ name }) => heal(name)),
    ...topology.systems.map(({ name }) => restart(name)),
    ...pairs.map((pair) => create(pair)),
  ];
  for (const pair of remotes) {
    steps.push(after(ms(7000), resync(pair, { direction: "forward" })));
    // A primary that an interrupted resync has left a mixture can only be the target.
    steps.push(after(ms(1000), resync(pair, { direction: "reverse" })));
  }
  return steps;
}

/**
 * Random plans of one kind: topology, host I/O, commands and faults, judged by the invariants against the
 * reference model. Commands may be refused; what was accepted must hold.
 */
export function randomPlans(kind: Kind): fc.Arbitrary<Plan> {
  return fc.tuple(WORDS[kind], fc.boolean(), rounds).map(([words, settles, steps]) =>
    parsePlan({
      schemaVersion: PLAN_SCHEMA_VERSION,
      name: `random ${kind}`,
      requirements: [],
      topology: words.topology,
      steps: [...prologue(words, settles), ...steps.map((step) => step(words)), ...epilogue(words)],
      expect: [converged()],
      mayRefuse: true,
    }),
  );
}
