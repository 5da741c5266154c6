import type { Schedule } from "./schedule.ts";
import {
  add,
  at,
  bandwidth,
  client,
  downstream,
  latency,
  listener,
  named,
  noop,
  proxy,
  remove,
  schedule,
  server,
  slicer,
  timeout,
  update,
  upstream,
  write,
} from "./schedule-parts.ts";

/** Changes of toxics and proxies while data is under way; times keep 20 ms from ties. */
export const liveSchedules: readonly Schedule[] = [
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
];
