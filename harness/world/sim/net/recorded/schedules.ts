import type { Direction, Toxic } from "../toxic.ts";
import { randomSchedules } from "./random-schedules.ts";
import type { Action, Schedule, ScheduledToxic, Side } from "./schedule.ts";

const connect: Action = { atMs: 0, do: "connect" };
const client = "client" as const;
const server = "server" as const;
const upstream = "upstream" as const;
const downstream = "downstream" as const;

const at = (atMs: number, side: Side, what: "finish" | "close" | "reset" | "pause" | "resume"): Action => ({
  atMs,
  do: what,
  side,
});
const write = (atMs: number, side: Side, sizeBytes: number, connection = 0): Action => ({
  atMs,
  do: "write",
  side,
  sizeBytes,
  connection,
});
const named = (name: string, direction: Direction, toxic: Toxic, toxicity = 1): ScheduledToxic => ({
  name,
  direction,
  toxic,
  toxicity,
});
const add = (atMs: number, toxic: ScheduledToxic): Action => ({ atMs, do: "addToxic", ...toxic });
const update = (atMs: number, name: string, toxic: Toxic, toxicity = 1): Action => ({
  atMs,
  do: "updateToxic",
  name,
  toxic,
  toxicity,
});
const remove = (atMs: number, name: string): Action => ({ atMs, do: "removeToxic", name });
const proxy = (atMs: number, what: "enable" | "disable" | "delete" | "resetAll" | "restart"): Action => ({
  atMs,
  do: what,
});
const listener = (atMs: number, what: "stopServer" | "startServer"): Action => ({ atMs, do: what });

const latency = (latencyMs: number): Toxic => ({ type: "latency", latencyMs });
const bandwidth = (rateKBps: number): Toxic => ({ type: "bandwidth", rateKBps });
const slicer = (averageSizeBytes: number, delayUs: number): Toxic => ({ type: "slicer", averageSizeBytes, delayUs });
const limit = (limitBytes: number): Toxic => ({ type: "limit_data", limitBytes });
const timeout = (timeoutMs: number): Toxic => ({ type: "timeout", timeoutMs });
const slowClose = (delayMs: number): Toxic => ({ type: "slow_close", delayMs });
const resetPeer = (timeoutMs: number): Toxic => ({ type: "reset_peer", timeoutMs });
const noop: Toxic = { type: "noop" };

const schedule = (
  name: string,
  untilMs: number,
  toxics: readonly ScheduledToxic[],
  actions: readonly Action[],
  more: Partial<Pick<Schedule, "toleranceMs" | "compare">> = {},
): Schedule => ({ name, toxics, actions: [connect, ...actions], untilMs, ...more });

/** Three small messages 60 ms apart, then the end. */
const threeMessages = [
  write(40, client, 100),
  write(100, client, 100),
  write(160, client, 100),
  at(400, client, "finish"),
];

/** The differential tests of the simulated network, by section; times keep 20 ms from ties. */
export const schedules: readonly Schedule[] = [
  ...[1, 1000, 40_000, 1_000_000].map((sizeBytes) =>
    schedule(`pass-through of ${sizeBytes} bytes`, 500, [], [
      write(40, client, sizeBytes),
      write(60, server, sizeBytes),
      at(250, client, "finish"),
      at(350, server, "finish"),
    ]),
  ),

  schedule("latency above the gap", 900, [named("a", upstream, latency(200))], threeMessages),
  schedule("latency below the gap", 900, [named("a", upstream, latency(30))], threeMessages),
  schedule("latency does not delay an idle end", 500, [named("a", upstream, latency(200))], [at(100, client, "finish")]),
  schedule("latency delays the end behind data", 900, [named("a", upstream, latency(300))], [
    write(40, client, 500),
    at(60, client, "finish"),
    write(100, server, 200),
  ]),
  schedule("two latencies, gap below them", 1000, [named("a", upstream, latency(100)), named("b", upstream, latency(100))], threeMessages),
  schedule("two latencies, long first", 1000, [named("a", downstream, latency(200)), named("b", downstream, latency(50))], [
    write(40, server, 100),
    write(100, server, 100),
    write(160, server, 100),
    write(600, server, 100),
  ]),
  schedule("latency holds many chunks", 900, [named("a", upstream, latency(300))],
    Array.from({ length: 30 }, (_, index) => write(40 + index * 10, client, 50))),

  schedule("bandwidth, chunk below 100 ms", 900, [named("a", upstream, bandwidth(50))], [write(40, client, 3000)]),
  schedule("bandwidth, chunk of 100 ms", 900, [named("a", upstream, bandwidth(50))], [write(40, client, 5000)]),
  schedule("bandwidth, chunk above 100 ms", 1200, [named("a", upstream, bandwidth(20))], [write(40, client, 15_500)]),
  schedule("bandwidth, burst coalesces", 1500, [named("a", upstream, bandwidth(20))],
    Array.from({ length: 20 }, (_, index) => write(40 + index * 15, client, 1000))),
  schedule("two bandwidths", 1500, [named("a", upstream, bandwidth(40)), named("b", upstream, bandwidth(20))], [
    write(40, client, 6000),
    write(120, client, 6000),
    at(160, client, "finish"),
  ]),
  schedule("bandwidth, 200 kB", 1500, [named("a", downstream, bandwidth(200))], [
    write(40, server, 200_000),
    at(60, server, "finish"),
  ], { toleranceMs: 40 }),
  schedule("bandwidth, no credit for idle time", 1200, [named("a", upstream, bandwidth(10))], [
    write(40, client, 1000),
    write(500, client, 1000),
    write(520, client, 1000),
  ]),

  schedule("slicer of 16 pieces", 1200, [named("a", upstream, slicer(100, 30_000))], [
    write(40, client, 1000),
    at(60, client, "finish"),
  ], { toleranceMs: 40 }),
  schedule("slicer without delay", 500, [named("a", upstream, slicer(64, 0))], [write(40, client, 5000)]),
  schedule("slicer, chunk of the average", 500, [named("a", upstream, slicer(100, 50_000))], [
    write(40, client, 100),
    write(60, client, 101),
    at(70, client, "finish"),
  ]),
  schedule("slicer then latency", 1200, [named("a", upstream, slicer(100, 20_000)), named("b", upstream, latency(150))], [
    write(40, client, 800),
    at(60, client, "finish"),
  ], { toleranceMs: 40 }),
  schedule("latency then slicer", 1200, [named("a", upstream, latency(150)), named("b", upstream, slicer(100, 20_000))], [
    write(40, client, 800),
    write(100, client, 300),
    at(120, client, "finish"),
  ], { toleranceMs: 40 }),

  schedule("limit 0", 500, [named("a", upstream, limit(0))], [write(40, client, 100), write(200, server, 10)]),
  schedule("limit exact", 500, [named("a", upstream, limit(100))], [write(40, client, 50), write(100, client, 50)]),
  schedule("limit inside a chunk", 500, [named("a", upstream, limit(75))], [
    write(40, client, 50),
    write(100, client, 50),
    write(200, client, 50),
  ]),
  schedule("limit downstream", 500, [named("a", downstream, limit(150))], [write(40, server, 100), write(100, server, 100)]),
  schedule("limit raised live", 600, [named("a", upstream, limit(100))], [
    write(40, client, 60),
    update(120, "a", limit(200)),
    write(200, client, 60),
    write(280, client, 100),
  ]),
  schedule("limit lowered live", 600, [named("a", upstream, limit(100))], [
    write(40, client, 60),
    update(120, "a", limit(50)),
    write(200, client, 10),
  ]),
  schedule("limit counts from its own add", 600, [], [
    write(40, client, 500),
    add(120, named("a", upstream, limit(100))),
    write(200, client, 60),
    write(280, client, 60),
  ]),
  schedule("limit and an end below it", 500, [named("a", upstream, limit(1000))], [
    write(40, client, 60),
    at(100, client, "finish"),
  ]),
  schedule("limit with more unread", 600, [named("a", upstream, limit(100))], [
    write(40, client, 400_000),
    write(120, client, 1000),
  ], { compare: "ends" }),

  schedule("timeout idle", 600, [named("a", upstream, timeout(200))], []),
  schedule("timeout, chatter below it", 900, [named("a", upstream, timeout(150))], [
    write(100, client, 10),
    write(200, client, 10),
    write(300, client, 10),
    write(340, server, 70),
  ]),
  schedule("timeout 0, then deleted", 700, [named("a", upstream, timeout(0))], [
    write(40, client, 100),
    write(200, server, 100),
    remove(400, "a"),
  ]),
  schedule("timeout 0 and the end", 500, [named("a", upstream, timeout(0))], [write(40, client, 10), at(150, client, "finish")]),
  schedule("timeout updated", 900, [named("a", upstream, timeout(300))], [update(200, "a", timeout(400))]),
  schedule("timeout of toxicity 0, deleted", 600, [named("a", upstream, timeout(100), 0)], [
    write(250, client, 100),
    remove(400, "a"),
  ]),
  schedule("timeout added behind a latency", 1000, [named("a", upstream, latency(400))], [
    write(40, client, 100),
    write(80, client, 200),
    write(120, client, 300),
    add(200, named("b", upstream, timeout(0))),
  ]),
  schedule("timeout downstream", 700, [named("a", downstream, timeout(250))], [write(100, server, 100), write(150, client, 50)]),

  schedule("slow_close, end from the client", 800, [named("a", upstream, slowClose(300))], [
    write(40, client, 100),
    at(100, client, "finish"),
    write(200, server, 50),
  ]),
  schedule("slow_close, end from the server", 800, [named("a", upstream, slowClose(300))], [
    write(40, client, 100),
    at(100, server, "finish"),
  ]),
  schedule("slow_close updated while waiting", 1000, [named("a", upstream, slowClose(400))], [
    at(100, client, "finish"),
    update(300, "a", slowClose(200)),
  ]),
  schedule("slow_close deleted while waiting", 800, [named("a", upstream, slowClose(500))], [
    at(100, client, "finish"),
    remove(250, "a"),
  ]),

  schedule("reset_peer at the first chunk", 600, [named("a", upstream, resetPeer(150))], [write(60, client, 100)]),
  schedule("reset_peer at once", 400, [named("a", downstream, resetPeer(0))], [write(60, server, 100)]),
  schedule("reset_peer idle", 400, [named("a", upstream, resetPeer(50))], [write(100, server, 100)]),
  schedule("reset_peer at the end", 600, [named("a", upstream, resetPeer(150))], [at(60, client, "finish")]),
  schedule("reset_peer added live", 600, [], [
    write(40, client, 50),
    add(100, named("a", upstream, resetPeer(100))),
    write(180, client, 50),
  ]),
  schedule("reset_peer deleted, then closed", 600, [named("a", upstream, resetPeer(100))], [
    remove(100, "a"),
    write(180, client, 50),
    at(300, client, "finish"),
  ]),
  schedule("reset_peer of toxicity 0", 600, [named("a", upstream, resetPeer(100), 0)], [
    write(100, client, 50),
    at(250, client, "finish"),
  ]),
  schedule("reset_peer with data the other way", 800, [named("a", upstream, resetPeer(100)), named("b", downstream, latency(250))], [
    write(60, server, 500),
    write(100, client, 100),
  ]),
  schedule("reset_peer updated while it waits", 900, [named("a", upstream, resetPeer(400))], [
    write(60, client, 10),
    update(150, "a", resetPeer(50)),
  ]),
  schedule("reset_peer then disabled", 500, [named("a", upstream, resetPeer(100))], [write(60, server, 100), proxy(200, "disable")]),

  schedule("disable with latency in flight", 800, [named("a", upstream, latency(300))], [
    write(40, client, 100),
    write(80, server, 70),
    proxy(200, "disable"),
  ]),
  schedule("disable under backpressure", 1500, [], [
    at(20, server, "pause"),
    write(60, client, 16_000_000),
    proxy(600, "disable"),
    at(900, server, "resume"),
  ], { compare: "ends", toleranceMs: 100 }),
  schedule("disable, refuse, enable", 700, [], [
    write(40, client, 10),
    proxy(100, "disable"),
    { atMs: 200, do: "connect" },
    proxy(300, "enable"),
    { atMs: 400, do: "connect" },
    write(480, client, 20, 2),
  ]),
  schedule("delete the proxy", 500, [named("a", downstream, latency(200))], [write(40, server, 100), proxy(120, "delete")]),

  schedule("half-close with data each way", 700, [], [
    write(40, client, 100),
    at(60, client, "finish"),
    write(150, server, 100),
    at(200, server, "finish"),
  ]),
  schedule("half-close with latency back", 900, [named("a", downstream, latency(250))], [
    write(40, client, 100),
    write(80, server, 100),
    at(120, client, "finish"),
    write(200, server, 100),
  ]),
  schedule("close by the client", 500, [named("a", upstream, latency(150))], [write(40, client, 100), at(80, client, "close")]),

  schedule("reset by the client, data in flight", 700, [named("a", upstream, latency(200))], [
    write(40, client, 100),
    at(120, client, "reset"),
  ]),
  schedule("reset by the server, data in flight", 700, [named("a", downstream, latency(200))], [
    write(40, server, 100),
    at(120, server, "reset"),
    write(180, client, 10),
  ]),
  schedule("reset by the client, plain", 400, [], [write(40, client, 100), at(120, client, "reset")]),

  schedule("latency added to a latency in use", 900, [named("a", upstream, latency(200))], [
    write(40, client, 100),
    write(80, client, 100),
    add(140, named("b", upstream, latency(100))),
    write(300, client, 100),
  ]),
  schedule("latency updated in use", 1000, [named("a", upstream, latency(400))], [
    write(40, client, 100),
    write(100, client, 100),
    write(160, client, 100),
    update(220, "a", latency(200)),
  ]),
  schedule("latency updated to the same", 1000, [named("a", upstream, latency(400))], [
    write(40, client, 100),
    write(100, client, 100),
    update(200, "a", latency(400)),
  ]),
  schedule("latency deleted in use", 900, [named("a", upstream, latency(500))], [
    write(40, client, 100),
    write(100, client, 100),
    write(160, client, 100),
    remove(250, "a"),
    write(350, client, 100),
  ]),
  schedule("bandwidth updated in use", 1200, [named("a", upstream, bandwidth(10))], [
    write(40, client, 8000),
    update(300, "a", bandwidth(100)),
    write(500, client, 8000),
  ]),
  schedule("bandwidth deleted in use", 900, [named("a", upstream, bandwidth(10))], [
    write(40, client, 8000),
    remove(300, "a"),
    write(400, client, 3000),
  ]),
  schedule("slicer deleted in use", 900, [named("a", upstream, slicer(100, 50_000))], [
    write(40, client, 1500),
    remove(220, "a"),
  ]),
  schedule("slicer updated in use", 1200, [named("a", upstream, slicer(100, 50_000))], [
    write(40, client, 1500),
    update(220, "a", slicer(500, 50_000)),
    write(400, client, 1500),
  ]),
  schedule("bandwidth added behind a bandwidth in use", 1500, [named("a", upstream, bandwidth(10))], [
    write(40, client, 8000),
    add(300, named("b", upstream, bandwidth(20))),
    write(400, client, 4000),
  ]),
  schedule("latency deleted with a bandwidth before it", 1200, [named("a", upstream, bandwidth(20)), named("b", upstream, latency(300))], [
    write(40, client, 6000),
    write(100, client, 6000),
    remove(250, "b"),
  ]),

  schedule("change of a neighbour and of the other direction", 1200, [named("a", upstream, latency(400)), named("b", upstream, noop)], [
    write(40, client, 100),
    write(80, client, 100),
    add(140, named("c", downstream, noop)),
    remove(220, "b"),
    write(260, client, 100),
  ]),
  schedule("change of a toxic that is no neighbour", 1200, [named("a", upstream, latency(400)), named("b", upstream, noop), named("c", upstream, noop)], [
    write(40, client, 100),
    update(140, "c", noop),
    remove(220, "c"),
  ]),

  schedule("upstream refuses, then accepts", 600, [], [
    { atMs: 50, do: "stopServer" },
    { atMs: 120, do: "connect" },
    listener(200, "startServer"),
    { atMs: 300, do: "connect" },
    write(400, client, 50, 2),
  ]),
  schedule("upstream killed", 500, [named("a", downstream, latency(100))], [write(40, server, 100), at(80, server, "close")]),
  schedule("upstream paused, then goes on", 900, [named("a", upstream, latency(50))], [
    at(20, server, "pause"),
    write(60, client, 50_000),
    at(400, server, "resume"),
  ]),

  schedule("reset of everything", 800, [named("a", upstream, latency(400)), named("b", downstream, timeout(0))], [
    write(40, client, 100),
    write(80, server, 100),
    proxy(200, "resetAll"),
  ]),
  schedule("change of the upstream", 700, [named("a", upstream, latency(300))], [
    write(40, client, 100),
    proxy(150, "restart"),
    { atMs: 300, do: "connect" },
    write(350, client, 10, 1),
  ]),

  schedule("hold and release of 1 MB and the end", 900, [named("hold", upstream, latency(3_600_000))], [
    write(40, client, 1_000_000),
    at(100, client, "finish"),
    remove(400, "hold"),
  ]),
  schedule("hold added to a live connection", 900, [], [
    write(40, client, 1000),
    add(100, named("hold", downstream, latency(3_600_000))),
    write(150, server, 500_000),
    write(200, client, 100),
    at(250, server, "finish"),
    remove(500, "hold"),
  ]),
  schedule("two connections, each with its own bandwidth", 1000, [named("a", upstream, bandwidth(20))], [
    { atMs: 20, do: "connect" },
    write(80, client, 4000, 0),
    write(80, client, 4000, 1),
  ]),

  ...randomSchedules,
];
