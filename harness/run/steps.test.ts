import { expect, test } from "vitest";
import type { Judgement } from "../oracle/judgement.ts";
import {
  after,
  attempt,
  connected,
  converged,
  crash,
  create,
  cut,
  fill,
  flush,
  heal,
  holds,
  KiB,
  linkBytes,
  mirror,
  ms,
  oracle,
  repeat,
  restart,
  scenario,
  sequence,
  status,
  step,
  throughout,
  together,
  trace,
  wait,
  when,
  workload,
  write,
  written,
} from "../plan/index.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import { hostPump } from "../world/sim/host-pump.ts";
import { toyTarget } from "./fixtures/toy-target.ts";
import type { CaptureContext } from "./run-oracle.ts";
import { type RunPlanOptions, type RunResult, runPlan } from "./run-plan.ts";

const topology = mirror({ sizeBytes: KiB(128), trackBytes: KiB(8), mode: "sync" });
const base = { name: "test", requirements: [], topology };
const run = (plan: Parameters<typeof runPlan>[0], options: Partial<RunPlanOptions> = {}): Promise<RunResult> =>
  runPlan(plan, { id: "t", seed: 3, target: toyTarget(), pump: hostPump(), replay: "", repeat: false, ...options });

/** Kind and actor of all events that `keep` keeps. */
function events({ log }: RunResult, keep: (kind: string) => boolean): string[] {
  const list: string[] = [];
  for (let index = 0; index < log.count; index++) {
    const event = log.get(index);
    if (event !== undefined && keep(event.kind.name)) list.push(`${event.kind.name} ${event.actor}`);
  }
  return list;
}

test("a barrier strikes within the step: nothing of the program runs between", async () => {
  const plan = scenario({
    ...base,
    steps: [together(create("pair"), when(step("a", "copy.done"), crash("a", "kill"))), after(ms(20), restart("a"))],
    expect: [converged(), holds(status("pair", "DUPLEX")), holds(connected("pair"))],
  });
  const result = await run(plan);
  expect(result.record).toMatchObject({ verdict: "PASS", failures: [] });
  const steps = events(result, (kind) => kind.startsWith("step"));
  expect(steps).toEqual([
    "step link.up a",
    "step link.up b",
    "step copy.done a",
    "step link.down b",
    "step link.up a",
    "step link.up b",
    "step copy.done a",
  ]);
});

test("together, sequence, repeat and after keep their order in virtual time", async () => {
  const plan = scenario({
    ...base,
    steps: [
      repeat(
        2,
        together(
          after(ms(2), write("pvol", { offsetBytes: 1024, lengthBytes: 512 })),
          sequence(flush("pvol"), write("pvol", { offsetBytes: 0, lengthBytes: 512 })),
        ),
      ),
    ],
    expect: [],
  });
  const { record, log } = await run(plan);
  expect(record.verdict).not.toBe("FAIL");
  const writes: number[] = [];
  for (let index = 0; index < log.count; index++) {
    const event = log.get(index);
    if (event?.kind.name === "host.write") writes.push(event.a);
  }
  expect(writes).toEqual([0, 2, 0, 2]);
});

test("the first of two conditions that never comes leaves its steps out, the expectation that does not hold fails", async () => {
  const plan = scenario({
    ...base,
    steps: [{ ...when(step("a", "no.such.step"), write("pvol", { offsetBytes: 0, lengthBytes: 512 })), withinMs: 5 }],
    expect: [holds(status("pair", "DUPLEX")), holds(connected("pair"))],
  });
  const result = await run(plan);
  expect(events(result, (kind) => kind === "host.write")).toEqual([]);
  expect(result.record.failures.map(({ message }) => message)).toEqual([
    "expect[0]: not so at the end: pair is DUPLEX at both ends; found no system that serves and knows of it",
    "expect[1]: not so at the end: pair is connected; found no system that serves and knows of it",
  ]);
});

test("a workload outlives the crash of its system, or stops with it", async () => {
  const issued = async (onGone: "continue" | "stop"): Promise<number> => {
    const result = await run(
      scenario({
        ...base,
        steps: [
          together(
            workload("pvol", { writes: 50, reads: 0, onGone }),
            when(written("pvol", 10, "issued"), crash("a", "power"), after(ms(5), restart("a"))),
          ),
        ],
        expect: [],
      }),
    );
    expect(result.record.failures).toEqual([]);
    return events(result, (kind) => kind === "host.write").length;
  };
  // Requests that the crash caught before the program saw them never became events of it.
  const continued = await issued("continue");
  expect(continued).toBeGreaterThan(45);
  expect(continued).toBeLessThanOrEqual(50);
  expect(await issued("stop")).toBeLessThan(15);
});

test("the draws of a workload do not depend on the faults beside it", async () => {
  const written20 = async (withFault: boolean): Promise<number[]> => {
    const { log } = await run(
      scenario({
        ...base,
        steps: [
          create("pair"),
          together(
            workload("pvol", { writes: 20, reads: 0, concurrency: 1 }),
            ...(withFault ? [when(written("pvol", 5), cut("link"), after(ms(30), heal("link")))] : []),
          ),
        ],
        expect: [],
      }),
    );
    const list: number[] = [];
    for (let index = 0; index < log.count; index++) {
      const event = log.get(index);
      if (event?.kind.name === "host.write") list.push(event.a, event.b);
    }
    return list;
  };
  expect(await written20(true)).toEqual(await written20(false));
});

const entry = (
  index: number,
  offsetBytes: number,
  flags: { flush?: boolean; fua?: boolean; discard?: boolean } = {},
) => ({
  index,
  offsetBytes,
  lengthBytes: 4096,
  flush: false,
  fua: false,
  discard: false,
  mark: "",
  data: flags.discard === true ? new Uint8Array(0) : new Uint8Array(4096).fill(index + 1),
  ...flags,
});
const tiny: LoadedTrace = {
  info: {
    name: "tiny",
    file: "tiny",
    volumeBytes: 131072,
    entryCount: 4,
    flushCount: 1,
    writtenBytes: 12288,
    sha256: "",
    fileSystem: { kind: "ext4", fromEntryCount: 1 },
  },
  entries: [entry(0, 0), entry(1, 4096, { flush: true, fua: true }), entry(2, 0, { discard: true }), entry(3, 8192)],
  heldBytes: 0,
};

test("a trace is replayed in order, and judges see the mirrored content with how much of it is certain", async () => {
  const seen: { readonly context: CaptureContext; readonly bytes: readonly (number | undefined)[] }[] = [];
  const judgement: Judgement = { judge: "e2fsck", outcome: "accepted", why: "", remedy: "" };
  const plan = scenario({
    ...base,
    steps: [
      create("pair"),
      wait(status("pair", "DUPLEX")),
      together(trace("pvol", "tiny"), when(written("pvol", 2), cut("link"), after(ms(1), heal("link")))),
    ],
    expect: [
      converged(),
      oracle("judge", { volume: "svol", at: "every-cut" }),
      oracle("none", { volume: "svol", at: "end" }),
    ],
  });
  const { record } = await run(plan, {
    traces: new Map([["tiny", tiny]]),
    oracles: new Map([
      [
        "judge",
        {
          capture: async (content, context) => {
            const dense = new Uint8Array(content.sizeBytes);
            for (const { offsetBytes, data } of content.ranges()) dense.set(data, offsetBytes);
            seen.push({ context, bytes: [dense[0], dense[4096], dense[8192]] });
            // Real time is at hand outside of the run.
            return [{ ...judgement, why: String(Date.now() > 0) }];
          },
        },
      ],
    ]),
  });
  expect(seen).toEqual([
    { context: { volume: "svol", moment: "cut 1", trace: { name: "tiny", entriesMin: 1 } }, bytes: [1, 2, 0] },
    { context: { volume: "svol", moment: "end", trace: { name: "tiny", entriesMin: 4 } }, bytes: [0, 2, 4] },
  ]);
  expect(record.oracles).toEqual([
    { oracle: "judge", judged: 2, accepted: 2, verdict: "PASS", detail: "" },
    { oracle: "none", judged: 0, accepted: 0, verdict: "UNKNOWN", detail: "no oracle none is at hand" },
  ]);
  expect(record).toMatchObject({ failures: [], verdict: "UNKNOWN" });
});

test("a judge that refuses fails the run, one that cannot tell leaves it undecided", async () => {
  const plan = scenario({
    ...base,
    steps: [write("pvol", fill("x"))],
    expect: [oracle("judge", { volume: "pvol", at: "end" })],
  });
  const verdictWith = async (outcome: Judgement["outcome"]) => {
    const judge = { capture: async () => [{ judge: "e2fsck" as const, outcome, why: "why", remedy: "remedy" }] };
    const { record } = await run(plan, { oracles: new Map([["judge", judge]]) });
    return [record.verdict, record.oracles[0]?.detail];
  };
  expect(await verdictWith("accepted")).toEqual(["PASS", ""]);
  expect(await verdictWith("refused")).toEqual(["FAIL", "e2fsck: why"]);
  expect(await verdictWith("unknown")).toEqual(["UNKNOWN", "e2fsck: why; remedy"]);
});

test("a trace stops with its system, or repeats the request that the crash caught", async () => {
  const replayed = async (onGone: "stop" | "repeat"): Promise<number[]> => {
    const result = await run(
      scenario({
        ...base,
        steps: [
          together(
            trace("pvol", "tiny", { onGone }),
            when(written("pvol", 2, "issued"), crash("a", "kill"), after(ms(5), restart("a"))),
          ),
        ],
        expect: [],
      }),
      { traces: new Map([["tiny", tiny]]) },
    );
    expect(result.record.failures).toEqual([]);
    const sectors: number[] = [];
    for (let index = 0; index < result.log.count; index++) {
      const event = result.log.get(index);
      if (event?.kind.name === "host.write") sectors.push(event.a);
    }
    return sectors;
  };
  // The crash comes before the program sees the second write.
  expect(await replayed("stop")).toEqual([0]);
  expect(await replayed("repeat")).toEqual([0, 8, 16]);
});

test("a volume that a resync overwrites is shown to no judge, and the record says so", async () => {
  const plan = scenario({
    ...base,
    steps: [
      write("pvol", fill("x")),
      together(
        create("pair"),
        after(ms(1), cut("link"), heal("link"), wait(status("pair", "DUPLEX"))),
        when(step("b", "link.down"), write("pvol", { offsetBytes: 0, lengthBytes: 512 })),
      ),
    ],
    expect: [converged(), oracle("judge", { volume: "svol", at: "every-cut" })],
  });
  const moments: string[] = [];
  const judge = {
    capture: async (_: unknown, { moment }: CaptureContext) => {
      moments.push(moment);
      return [{ judge: "e2fsck" as const, outcome: "accepted" as const, why: "", remedy: "" }];
    },
  };
  const { record } = await run(plan, { oracles: new Map([["judge", judge]]) });
  expect(moments).toEqual(["end"]);
  expect(record.oracles[0]).toMatchObject({ judged: 1, detail: "1 moments not judged: a resync was under way" });
});

test("a condition that must hold throughout is looked at between the steps too", async () => {
  const plan = scenario({
    ...base,
    steps: [
      create("pair"),
      wait(status("pair", "DUPLEX")),
      throughout(status("pair", "DUPLEX"), write("pvol", { offsetBytes: 0, lengthBytes: 512 })),
      throughout(status("pair", "DUPLEX"), cut("link"), after(ms(20), heal("link")), wait(status("pair", "DUPLEX"))),
    ],
    expect: [],
  });
  const messages = (await run(plan)).record.failures.map(({ message }) => message);
  expect(messages).toEqual([
    expect.stringMatching(
      /^steps\[3\]: not so at .* ms, and not all the while: pair is DUPLEX at both ends; found .* at the primary, .* at the secondary$/,
    ),
  ]);
});

test("an attempt may be refused with a code that it names, and with no other", async () => {
  const readOnly = write("svol", { offsetBytes: 0, lengthBytes: 512 });
  const plan = scenario({
    ...base,
    steps: [
      create("pair"),
      wait(status("pair", "DUPLEX")),
      attempt(write("pvol", { offsetBytes: 0, lengthBytes: 512 }), "REFUSED"),
      attempt(readOnly, "REFUSED"),
      attempt(readOnly, "EIO"),
    ],
    expect: [],
  });
  const { record } = await run(plan);
  expect(record.failures.map(({ message }) => message)).toEqual([
    "steps[4]: write ended REFUSED, expected done, or EIO",
  ]);
});

test("the bytes that cross a link meanwhile are counted", async () => {
  const copy = (bytesMax: number) => [linkBytes("link", bytesMax, create("pair"), wait(status("pair", "DUPLEX")))];
  const failures = async (bytesMax: number): Promise<string[]> => {
    const { record } = await run(scenario({ ...base, steps: copy(bytesMax), expect: [] }));
    return record.failures.map(({ message }) => message);
  };
  expect(await failures(KiB(100))).toEqual([
    expect.stringMatching(/^steps\[0\]: \d{6} bytes over link, at most 102400$/),
  ]);
  expect(await failures(KiB(400))).toEqual([]);
});
