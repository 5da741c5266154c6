import { expect, onTestFinished, test } from "vitest";
import { StorageSystem } from "../../controller/storage-system.ts";
import type { Log } from "../../ports/index.ts";
import { Tasks } from "../../tasks.ts";
import { FakeDisk } from "../../testing/fake-disk.ts";
import { makeKeys } from "../keys/make-keys.ts";
import { NodeClock } from "../node-clock.ts";
import { NodeRandom } from "../node-random.ts";
import { type TcpLinks, tcpLinks, type TlsIdentity } from "./tcp-links.ts";

interface Running {
  readonly links: TcpLinks;
  /** Its steps that are about sessions. */
  readonly sessions: readonly string[];
  /** Settles when the system has taken that step once more than it was asked about. */
  step(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts system `name` with nothing but its link to `peer`. */
async function start(
  name: string,
  role: "dial" | "listen",
  peer: string,
  port: number,
  tls: TlsIdentity,
): Promise<Running> {
  const sessions: string[] = [];
  const taken = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  const log: Log = {
    step: (step) => {
      if (step.startsWith("session.")) sessions.push(step);
      taken.set(step, (taken.get(step) ?? 0) + 1);
      waiting.get(step)?.();
    },
  };
  const clock = new NodeClock();
  const tasks = new Tasks();
  const links = tcpLinks({ addresses: new Map([["site", { host: "127.0.0.1", port, peer }]]), tls, log });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    clock.stop();
    await links.close();
  };
  onTestFinished(stop);
  await StorageSystem.start(
    { name, volumes: [], links: [{ name: "link", peer, role, address: "site" }] },
    { clock, random: new NodeRandom(), log, disks: new Map(), meta: new FakeDisk(64 * 1024), links },
    tasks,
  );
  await links.ready();
  return {
    links,
    sessions,
    step: async (step) => {
      const count = taken.get(step) ?? 0;
      if (count === 0) {
        const once = new Promise<void>((resolve) => {
          waiting.set(step, resolve);
        });
        await Promise.race([once, tasks.failed.then((error) => Promise.reject(error))]);
      }
      taken.set(step, (taken.get(step) ?? 0) - 1);
    },
    stop,
  };
}

test("a system dials until its peer is there, again after it has gone, and whoever is not the peer does no harm", async () => {
  const keys = await makeKeys(["a", "b", "c"]);
  const identity = (name: string): TlsIdentity => {
    const pair = keys.systems.get(name);
    if (pair === undefined) throw new Error(`no keys for ${name}`);
    return { ca: keys.authority.cert, ...pair };
  };
  const first = await start("b", "listen", "a", 0, identity("b"));
  const port = first.links.portOf("site");
  await first.stop();

  // Nobody is there: the dial is refused, several times.
  const a = await start("a", "dial", "b", port, identity("a"));
  const again = await start("b", "listen", "a", port, identity("b"));
  await Promise.all([a.step("session.up"), again.step("session.up")]);

  // The peer goes, and somebody else takes its place, whom a does not believe.
  await again.stop();
  await a.step("session.down");
  const impostor = await start("b", "listen", "a", port, identity("c"));
  await a.step("link.refused");
  await impostor.stop();

  // A stranger is refused by b while a comes through.
  const last = await start("b", "listen", "a", port, identity("b"));
  const stranger = await start("c", "dial", "b", port, identity("c"));
  await Promise.all([a.step("session.up"), last.step("session.up"), last.step("link.refused")]);
  await stranger.stop();
  const upAndDown = a.sessions.filter((step) => step === "session.up" || step === "session.down");
  expect(upAndDown).toEqual(["session.up", "session.down", "session.up"]);
});
