import { EventLog } from "../../harness/history/event-log.ts";
import { hashBytes } from "../../harness/history/rolling-hash.ts";
import { hostPump } from "../../harness/world/sim/host-pump.ts";
import { Process } from "../../harness/world/sim/process.ts";
import { Scheduler } from "../../harness/world/sim/scheduler.ts";
import { SimRandom } from "../../harness/world/sim/sim-random.ts";
import { messageOf, sequenceOf } from "./ping-pong-message.ts";

const LATENCY_MIN_NS = 1_000_000;
const LATENCY_RANGE_NS = 9_000_000;

/** An endpoint that keeps what arrived until somebody receives it. */
class Mailbox {
  readonly #arrived: Uint8Array[] = [];
  #receiver: ((message: Uint8Array) => void) | undefined;

  deliver(message: Uint8Array): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    if (receiver === undefined) this.#arrived.push(message);
    else receiver(message);
  }

  receive(): Promise<Uint8Array> {
    const message = this.#arrived.shift();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => {
      this.#receiver = resolve;
    });
  }
}

/**
 * Two nodes in ping-pong over endpoints that send 8-byte messages, 1–10 ms on the way: the
 * scheduler, the event log with its content hash, the random streams; no byte streams between.
 *
 * @returns the log of the run
 */
export async function pingPongOnScheduler(messages: number, seed: number): Promise<EventLog> {
  const log = new EventLog();
  const scheduler = new Scheduler(log, { eventsMax: 4 * messages, timeNsMax: Number.MAX_SAFE_INTEGER });
  const random = new SimRandom(String(seed)).fork("network");
  const deliverKind = log.kind("deliver", "lengthBytes", "content");
  const node = (name: string): { process: Process; mailbox: Mailbox } => ({
    process: new Process(scheduler, name),
    mailbox: new Mailbox(),
  });
  const [left, right] = [node("left"), node("right")];
  const send = (to: typeof left, message: Uint8Array): void => {
    const latencyNs = LATENCY_MIN_NS + Math.floor((random.next32() / 0x1_0000_0000) * LATENCY_RANGE_NS);
    const { mailbox } = to;
    scheduler.schedule(latencyNs, to.process, deliverKind, message.length, hashBytes(message), () =>
      mailbox.deliver(message),
    );
  };
  const ping = async (): Promise<void> => {
    for (let sequence = 0; sequence < messages / 2; sequence++) {
      send(right, messageOf(sequence));
      if (sequenceOf(await left.mailbox.receive()) !== sequence) throw new Error("another answer");
    }
    scheduler.finish();
  };
  const pong = async (): Promise<void> => {
    for (let sequence = 0; sequence < messages / 2; sequence++) send(left, await right.mailbox.receive());
  };
  const nodes = Promise.all([ping(), pong()]);
  await scheduler.run(hostPump());
  await nodes;
  return log;
}
