import type { OracleRecord } from "../history/run-record.ts";
import type { ContentRange } from "../oracle/content.ts";
import type { Judgement } from "../oracle/judgement.ts";
import type { Plan } from "../plan/plan.ts";
import type { DiskView, RunWorld } from "../world/run-world.ts";
import type { CaptureContext, RunOracle } from "./run-oracle.ts";

const CHUNK_BYTES = 64 * 1024;

/** Hands the content of volumes to the outside judges that a plan asks for. */
export class Captures {
  readonly #plan: Plan;
  readonly #world: RunWorld;
  readonly #oracles: ReadonlyMap<string, RunOracle>;
  readonly #outside: <T>(body: () => T) => T;
  readonly #traceOf: (volume: string) => CaptureContext["trace"];
  readonly #judgements = new Map<string, Promise<readonly Judgement[]>[]>();
  #cuts = 0;
  #inconsistent = 0;

  constructor(
    plan: Plan,
    world: RunWorld,
    oracles: ReadonlyMap<string, RunOracle>,
    outside: <T>(body: () => T) => T,
    traceOf: (volume: string) => CaptureContext["trace"],
  ) {
    this.#plan = plan;
    this.#world = world;
    this.#oracles = oracles;
    this.#outside = outside;
    this.#traceOf = traceOf;
  }

  /** A link was cut. */
  cut(): void {
    this.#cuts++;
    this.#capture("every-cut", `cut ${this.#cuts}`);
  }

  end(): void {
    this.#capture("every-cut", "end");
    this.#capture("end", "end");
  }

  /** Settles when the judges are done. What it gives does not hold the world of the run. */
  records(): Promise<OracleRecord[]> {
    const inconsistentCount = this.#inconsistent;
    const records: Promise<OracleRecord>[] = [];
    for (const expectation of this.#plan.expect) {
      if (expectation.kind !== "oracle") continue;
      const { oracle, volume } = expectation;
      const missing = this.#oracles.has(oracle) ? "nothing was judged" : `no oracle ${oracle} is at hand`;
      records.push(summary(oracle, this.#judgements.get(`${oracle} ${volume}`) ?? [], missing, inconsistentCount));
    }
    return Promise.all(records);
  }

  #capture(at: "every-cut" | "end", moment: string): void {
    for (const expectation of this.#plan.expect) {
      if (expectation.kind !== "oracle" || expectation.at !== at) continue;
      const { oracle, volume } = expectation;
      const judge = this.#oracles.get(oracle);
      if (judge === undefined) continue;
      if (!this.#isConsistent(volume)) {
        this.#inconsistent++;
        continue;
      }
      const disk = this.#world.view(volume);
      const content = { sizeBytes: disk.sizeBytes, ranges: () => rangesOf(disk) };
      const context = { volume, moment, trace: this.#traceOf(volume) };
      const key = `${oracle} ${volume}`;
      const list = this.#judgements.get(key) ?? [];
      list.push(this.#outside(() => judge.capture(content, context)));
      this.#judgements.set(key, list);
    }
  }

  /** A side that a resync overwrites holds no moment of any history: nobody can judge it. */
  #isConsistent(volume: string): boolean {
    const { serving } = this.#world.systemOfVolume(volume);
    const reports = serving?.pairs().filter((report) => report.volume === volume) ?? [];
    return serving !== undefined && reports.every(({ consistent }) => consistent);
  }
}

async function summary(
  oracle: string,
  pending: readonly Promise<readonly Judgement[]>[],
  missing: string,
  inconsistentCount: number,
): Promise<OracleRecord> {
  const judgements = (await Promise.all(pending)).flat();
  const accepted = judgements.filter(({ outcome }) => outcome === "accepted").length;
  const refused = judgements.find(({ outcome }) => outcome === "refused");
  const undecided = judgements.find(({ outcome }) => outcome === "unknown");
  const skipped = inconsistentCount === 0 ? "" : `; ${inconsistentCount} moments not judged: a resync was under way`;
  const base = { oracle, judged: judgements.length, accepted };
  if (refused !== undefined) return { ...base, verdict: "FAIL", detail: `${refused.judge}: ${refused.why}${skipped}` };
  if (undecided !== undefined) {
    return {
      ...base,
      verdict: "UNKNOWN",
      detail: `${undecided.judge}: ${undecided.why}; ${undecided.remedy}${skipped}`,
    };
  }
  if (judgements.length === 0) return { ...base, verdict: "UNKNOWN", detail: `${missing}${skipped}` };
  return { ...base, verdict: "PASS", detail: skipped === "" ? "" : skipped.slice(2) };
}

/** One chunk of the disk at a time: within a chunk a view of it costs no copy. */
function* rangesOf(disk: DiskView): Generator<ContentRange> {
  for (const { offsetBytes, lengthBytes } of disk.allocatedRanges()) {
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end; ) {
      const next = Math.min(end, (Math.floor(at / CHUNK_BYTES) + 1) * CHUNK_BYTES);
      yield { offsetBytes: at, data: disk.peek(at, next - at) };
      at = next;
    }
  }
}
