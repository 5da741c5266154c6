import type { Link } from "../../engine/ports/index.ts";
import { EventLog } from "../../harness/history/event-log.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";
import { SimNetwork } from "../../harness/world/sim/net/index.ts";
import { Process } from "../../harness/world/sim/process.ts";
import { Scheduler } from "../../harness/world/sim/scheduler.ts";
import { SimRandom } from "../../harness/world/sim/sim-random.ts";
import { messageOf, sequenceOf } from "./ping-pong-message.ts";

const MESSAGE_BYTES = 8;
const LATENCY_NS_MIN = 1_000_000;
const LATENCY_NS_MAX = 10_000_000;

/** Where the 1–10 ms come from: the network itself, or a latency toxic in a proxy on the way. */
export type LatencySource = "network" | "toxic";

/**
 * Two nodes in ping-pong over byte streams of the simulated network.
 *
 * @returns the log of the run
 */
export async function pingPongOnLinks(messages: number, seed: number, source: LatencySource): Promise<EventLog> {
  const log = new EventLog();
  const scheduler = new Scheduler(log, { eventsMax: 8 * messages, timeNsMax: Number.MAX_SAFE_INTEGER });
  const byNetwork = source === "network";
  const network = new SimNetwork(
    scheduler,
    new SimRandom(String(seed)).fork("network"),
    byNetwork ? { latencyNsMin: LATENCY_NS_MIN, latencyNsMax: LATENCY_NS_MAX } : {},
  );
  const left = network.endpoint(new Process(scheduler, "left"), "left");
  const right = network.endpoint(new Process(scheduler, "right"), "right");
  const address = byNetwork ? "right:1" : "proxy:1";
  if (!byNetwork) {
    const proxy = network.proxy("wire", { listen: "proxy:1", upstream: "right:1" });
    const latency = { type: "latency", latencyMs: 6, jitterMs: 5 } as const;
    await proxy.addToxic("up", "upstream", latency);
    await proxy.addToxic("down", "downstream", latency);
  }
  const ponged = new Promise<void>((resolve, reject) => {
    right.listen("right:1", (link) => void pong(link, messages).then(resolve, reject));
  });
  const pinged = left.dial(address).then((link) => ping(link, messages));
  const both = Promise.all([pinged, ponged]).then(() => scheduler.finish());
  await scheduler.run(hostPump());
  await both;
  return log;
}

/** Writes are not waited for: each is small, and if one fails so does the read of its answer. */
async function ping(link: Link, messages: number): Promise<void> {
  for (let sequence = 0; sequence < messages / 2; sequence++) {
    void link.write(messageOf(sequence));
    const chunk = await link.read();
    const answer = chunk?.length === MESSAGE_BYTES ? chunk : await wholeMessage(link, chunk);
    if (sequenceOf(answer) !== sequence) throw new Error("another answer");
  }
}

async function pong(link: Link, messages: number): Promise<void> {
  for (let sequence = 0; sequence < messages / 2; sequence++) {
    const chunk = await link.read();
    void link.write(chunk?.length === MESSAGE_BYTES ? chunk : await wholeMessage(link, chunk));
  }
}

/** The message that begins with `chunk`: in a ping-pong nothing follows it, but it can come in parts. */
async function wholeMessage(link: Link, chunk: Uint8Array | undefined): Promise<Uint8Array> {
  let message = chunk ?? new Uint8Array(0);
  while (message.length < MESSAGE_BYTES) {
    const next = await link.read();
    if (next === undefined) throw new Error("the stream ended");
    message = Uint8Array.of(...message, ...next);
  }
  return message;
}
