import type { Schedule } from "./schedule.ts";
import {
  add,
  at,
  bandwidth,
  client,
  downstream,
  latency,
  limit,
  named,
  proxy,
  remove,
  resetPeer,
  schedule,
  server,
  slicer,
  slowClose,
  timeout,
  update,
  upstream,
  write,
} from "./schedule-parts.ts";

/** Three small messages 60 ms apart, then the end. */
const threeMessages = [
  write(40, client, 100),
  write(100, client, 100),
  write(160, client, 100),
  at(400, client, "finish"),
];

/** Chains of toxics that stay as they are, and what happens to the connection; times keep 20 ms from ties. */
export const steadySchedules: readonly Schedule[] = [
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
  // What is read together is decided 20 ms from the nearest write, so that a machine that is a little late changes nothing.
  schedule("bandwidth, burst coalesces", 1500, [named("a", upstream, bandwidth(10))],
    Array.from({ length: 12 }, (_, index) => write(40 + index * 40, client, 1000))),
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
];
