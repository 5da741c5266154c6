import { ownProgram, rustProgram } from "./bench-program.ts";
import { type Bar, barAtLeast, type Sample, type Section, sampleOf } from "./measure.ts";

const SEED = 1;

/** What both sides offer: messages between endpoints, and byte streams. */
const COMPARED = ["endpoint", "tcp"];

/** Two nodes in ping-pong, 1–10 ms of random latency, against madsim and turmoil in the same run. */
export async function pingPong(runs: number, messages = 400_000): Promise<Section> {
  const programs = [
    ownProgram([...COMPARED, "tcp through a latency toxic"]),
    rustProgram("madsim", { RUSTFLAGS: "--cfg madsim" }),
    rustProgram("turmoil"),
  ];
  const notes = new Map<string, string>();
  for (const { name, build } of programs) {
    const failure = await build();
    if (failure !== undefined) notes.set(name, failure);
  }
  const values = new Map<string, number[]>();
  // Round by round, so that a slow minute of the machine hits all alike.
  for (let round = 0; round < runs; round++) {
    for (const { name, run } of programs.filter((program) => !notes.has(program.name))) {
      for (const { transport, seconds } of await run(messages, SEED)) {
        const key = `${name} ${transport}`;
        const list = values.get(key) ?? [];
        values.set(key, list);
        list.push(messages / seconds);
      }
    }
  }
  const samples = [...values].map(([name, list]) => sampleOf(name, "messages/s", list));
  return {
    name: "ping-pong",
    how: `two nodes, ${messages} messages of 8 bytes, 1–10 ms each way, events and contents hashed (ours)`,
    samples,
    bars: [...barsAgainst(samples, "madsim", 1), ...barsAgainst(samples, "turmoil", 5)],
    notes: [...notes.values()],
  };
}

/** Ours against the peer's transport of the same sort, where it has one. */
function barsAgainst(samples: readonly Sample[], peer: string, atLeast: number): Bar[] {
  const bars: Bar[] = [];
  for (const transport of COMPARED) {
    const mine = samples.find(({ name }) => name === `resilver ${transport}`);
    const theirs = samples.find(({ name }) => name === `${peer} ${transport}`);
    if (mine === undefined || theirs === undefined) continue;
    bars.push(barAtLeast(`${mine.name} against ${theirs.name}`, mine.median / theirs.median, atLeast));
  }
  return bars;
}
