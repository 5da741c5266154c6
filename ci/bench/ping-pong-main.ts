import type { EventLog } from "../../harness/history/event-log.ts";
import { secondsOf } from "./measure.ts";
import { pingPongOnLinks } from "./ping-pong-links.ts";
import { pingPongOnScheduler } from "./ping-pong-scheduler.ts";

const TRANSPORTS = new Map<string, (messages: number, seed: number) => Promise<EventLog>>([
  ["endpoint", pingPongOnScheduler],
  ["tcp", (messages, seed) => pingPongOnLinks(messages, seed, "network")],
  ["tcp through a latency toxic", (messages, seed) => pingPongOnLinks(messages, seed, "toxic")],
]);

// The program of `ownProgram`: parameters transport, messages, seed; one JSON line on stdout. What is
// measured is the last of four runs: the others compile, as the rivals' compilers did long ago.
const WARM_ROUNDS = 3;
const [transport = "", messages, seed] = process.argv.slice(2);
const run = TRANSPORTS.get(transport);
if (run === undefined) throw new Error(`transport ${transport}: expected one of ${[...TRANSPORTS.keys()].join(", ")}`);
const digests = new Set<string>();
let seconds = 0;
for (let round = 0; round < WARM_ROUNDS + 1; round++) {
  seconds = await secondsOf(async () => {
    digests.add((await run(Number(messages), Number(seed))).digest);
  });
}
if (digests.size !== 1) throw new Error(`two runs of one seed gave ${[...digests].join(" and ")}`);
process.stdout.write(`${JSON.stringify({ transport, messages: Number(messages), seconds })}\n`);
