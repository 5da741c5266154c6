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
  noop,
  proxy,
  remove,
  schedule,
  server,
  slicer,
  slowClose,
  timeout,
  update,
  upstream,
  write,
} from "./schedule-parts.ts";

/** A kilobyte a second: what comes after it is blocked for long. */
const narrow = named("narrow", downstream, bandwidth(1));

const fourChunks = [write(40, server, 300), write(80, server, 100), write(120, server, 100), write(160, server, 100)];

/** Changes that reach a toxic while it is blocked, or a connection while it ends. */
export const contestedSchedules: readonly Schedule[] = [
  schedule("removed while blocked, chunks wait before it", 1500, [named("a", downstream, noop), narrow], [
    ...fourChunks,
    remove(220, "a"),
  ]),
  schedule("removed while it waits, chunks wait before it", 1800, [
    named("a", downstream, bandwidth(2)),
    named("b", downstream, slicer(40, 60_000)),
    narrow,
  ], [...fourChunks, remove(250, "b")]),
  schedule("added while the last is blocked by the receiver's side", 1500, [narrow], [
    ...fourChunks,
    add(220, named("b", downstream, latency(150))),
  ]),
  schedule("latency updated while blocked, chunks wait in it", 1800, [named("a", downstream, latency(100)), narrow], [
    ...fourChunks,
    update(300, "a", latency(900)),
  ]),
  schedule("slicer updated while blocked", 1800, [named("a", downstream, slicer(100, 50_000)), narrow], [
    ...fourChunks,
    update(220, "a", slicer(30, 50_000)),
  ], { toleranceMs: 40 }),
  schedule("rate raised while a slice is blocked: bytes are left out", 2000, [named("a", downstream, bandwidth(2)), narrow], [
    write(40, server, 1000),
    update(300, "a", bandwidth(3)),
  ]),
  schedule("rate lowered while a slice is blocked: bytes come twice", 2000, [named("a", downstream, bandwidth(2)), narrow], [
    write(40, server, 1000),
    update(300, "a", bandwidth(1)),
  ]),
  schedule("limit lowered below what has passed while blocked", 1500, [named("a", downstream, limit(1000)), narrow], [
    ...fourChunks,
    update(220, "a", limit(350)),
  ]),
  schedule("limit raised while blocked", 1500, [named("a", downstream, limit(400)), narrow], [
    ...fourChunks,
    update(220, "a", limit(500)),
  ]),
  schedule("slow close updated while it waits", 1200, [named("a", downstream, slowClose(500)), narrow], [
    write(40, server, 100),
    at(80, server, "finish"),
    update(300, "a", slowClose(200)),
  ]),
  schedule("slow close removed while it waits, more behind it", 1500, [
    named("a", downstream, slowClose(700)),
    named("b", downstream, latency(400)),
  ], [write(40, server, 100), at(80, server, "finish"), remove(200, "a"), update(300, "b", latency(800))]),
  schedule("timeout removed before a latency that holds, which is updated", 1500, [
    named("a", downstream, noop),
    named("b", downstream, latency(500)),
  ], [
    write(40, server, 100),
    add(80, named("c", downstream, timeout(0))),
    remove(160, "c"),
    update(240, "b", latency(100)),
  ]),
  schedule("limit reached before a latency that holds, then removed", 1500, [
    named("a", downstream, limit(100)),
    named("b", downstream, latency(500)),
  ], [write(40, server, 100), remove(160, "a"), update(240, "b", latency(900))]),
  schedule("limit reached, its source sends on until the other direction ends", 900, [
    named("a", downstream, limit(100)),
    named("b", upstream, slowClose(300)),
  ], [write(40, server, 300), write(120, server, 300), write(200, server, 300)]),
  schedule("disabled while a latency holds one chunk, which is removed", 1500, [named("a", downstream, latency(500))], [
    write(40, server, 100),
    proxy(160, "disable"),
    remove(240, "a"),
  ]),
  schedule("disabled while a latency holds two chunks, which is removed", 6500, [named("a", downstream, latency(500))], [
    write(40, server, 100),
    write(80, server, 100),
    proxy(160, "disable"),
    remove(240, "a"),
  ]),
  schedule("client reset while a latency holds chunks, which is removed", 6500, [named("a", downstream, latency(500))], [
    write(40, server, 100),
    write(80, server, 100),
    at(160, client, "reset"),
    remove(240, "a"),
  ]),
  schedule("disabled while a bandwidth is blocked, a toxic before it is updated", 2500, [
    named("a", downstream, noop),
    narrow,
  ], [...fourChunks, proxy(220, "disable"), update(260, "a", noop)]),
];

/** Changes at which Toxiproxy 2.12.0 ends, and what it says then. */
export const panics: readonly { readonly schedule: Schedule; readonly found: string }[] = [
  {
    schedule: schedule("two toxics that closed removed, another added while the last still holds a chunk", 2500, [
      named("a", downstream, limit(100)),
      named("b", downstream, noop),
      named("c", downstream, latency(2000)),
    ], [write(40, server, 100), remove(400, "a"), remove(700, "b"), add(1000, named("d", downstream, noop))]),
    found: "index out of range [3] with length 3",
  },
  {
    schedule: schedule("a toxic that closed removed, a limit added while the last still holds a chunk", 2500, [
      named("a", downstream, limit(100)),
      named("b", downstream, latency(2000)),
    ], [write(40, server, 100), remove(400, "a"), add(800, named("c", downstream, limit(5000)))]),
    found: "interface conversion: interface {} is nil, not *toxics.LimitDataToxicState",
  },
  {
    schedule: schedule("rate raised beyond what is left while a slice is blocked", 2000, [named("a", downstream, bandwidth(10)), narrow], [
      write(40, server, 3000),
      update(600, "a", bandwidth(50)),
    ]),
    found: "slice bounds out of range [5000:2000]",
  },
];
