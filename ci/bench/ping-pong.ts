import { type Bar, barAtLeast, type Sample, type Section, sampleOf, secondsOf } from "./measure.ts";
import { pingPongOnLinks } from "./ping-pong-links.ts";
import { pingPongOnScheduler } from "./ping-pong-scheduler.ts";
import { RustBench } from "./rust-bench.ts";

const SEED = 1;

/** One side of the comparison: gives messages a second, by transport. */
interface Contender {
  readonly name: string;
  measure(messages: number): Promise<readonly (readonly [transport: string, perSecond: number])[]>;
}

const ours: Contender = {
  name: "resilver",
  measure: async (messages) => [
    ["endpoint", messages / (await secondsOf(() => pingPongOnScheduler(messages, SEED)))],
    ["tcp", messages / (await secondsOf(() => pingPongOnLinks(messages, SEED, "network")))],
    ["tcp through a latency toxic", messages / (await secondsOf(() => pingPongOnLinks(messages, SEED, "toxic")))],
  ],
};

function rustContender(bench: RustBench): Contender {
  return {
    name: bench.name,
    measure: async (messages) =>
      (await bench.run(messages, SEED)).map(({ transport, seconds }) => [transport, messages / seconds]),
  };
}

/** Two nodes in ping-pong, 1–10 ms of random latency, against madsim and turmoil in the same run. */
export async function pingPong(runs: number, messages = 400_000): Promise<Section> {
  const contenders = [ours];
  const notes: string[] = [];
  for (const bench of [new RustBench("madsim", { RUSTFLAGS: "--cfg madsim" }), new RustBench("turmoil")]) {
    const failure = await bench.build();
    if (failure === undefined) contenders.push(rustContender(bench));
    else notes.push(failure);
  }
  const values = new Map<string, number[]>();
  // Round by round, so that a slow minute of the machine hits all alike. The first round warms up.
  for (let run = -1; run < runs; run++) {
    for (const contender of contenders) {
      for (const [transport, perSecond] of await contender.measure(messages)) {
        const name = `${contender.name} ${transport}`;
        const list = values.get(name) ?? [];
        values.set(name, list);
        if (run >= 0) list.push(perSecond);
      }
    }
  }
  const samples = [...values].map(([name, list]) => sampleOf(name, "messages/s", list));
  return {
    name: "ping-pong",
    how: `two nodes, ${messages} messages of 8 bytes, 1–10 ms each way, events and contents hashed (ours)`,
    samples,
    bars: [...barsAgainst(samples, "madsim", 1), ...barsAgainst(samples, "turmoil", 5)],
    notes,
  };
}

/** Ours against the peer's transport of the same sort, where it has one. */
function barsAgainst(samples: readonly Sample[], peer: string, atLeast: number): Bar[] {
  const bars: Bar[] = [];
  for (const transport of ["endpoint", "tcp"]) {
    const mine = samples.find(({ name }) => name === `resilver ${transport}`);
    const theirs = samples.find(({ name }) => name === `${peer} ${transport}`);
    if (mine === undefined || theirs === undefined) continue;
    bars.push(barAtLeast(`${mine.name} against ${theirs.name}`, mine.median / theirs.median, atLeast));
  }
  return bars;
}
