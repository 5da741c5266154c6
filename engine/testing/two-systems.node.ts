import type { SystemConfig } from "../controller/config.ts";
import { StorageSystem } from "../controller/storage-system.ts";
import { NS_PER_MS } from "../ports/index.ts";
import { FakeClock } from "./fake-clock.node.ts";
import { FakeDisk } from "./fake-disk.ts";
import { MemoryNetwork } from "./memory-network.node.ts";
import { type TestRuntime, testRuntime } from "./test-runtime.node.ts";

const META_BYTES = 64 * 1024;

interface Node {
  readonly system: StorageSystem;
  readonly disk: FakeDisk;
  readonly runtime: TestRuntime;
}

/** Systems `a` and `b`, each with one volume of that size, and a link in memory that `a` dials. */
export interface TwoSystems {
  readonly a: Node;
  readonly b: Node;
  /** Lets time pass until `work` settles. @throws Error after a virtual hour; what `work` rejects with */
  run<T>(work: Promise<T>): Promise<T>;
  /** Lets time pass until `reached` says so. @throws Error after a virtual hour */
  until(reached: () => boolean): Promise<void>;
  /** Cuts what is there and lets nothing new be made, until {@link heal}. */
  cut(): void;
  heal(): void;
}

export async function twoSystems(sizeBytes: number, trackBytes: number): Promise<TwoSystems> {
  const clock = new FakeClock();
  const network = new MemoryNetwork();
  const start = async (name: string, first: number): Promise<Node> => {
    const disk = new FakeDisk(sizeBytes);
    const runtime = testRuntime(clock, first);
    const [peer, role, volume] = name === "a" ? (["b", "dial", "pvol"] as const) : (["a", "listen", "svol"] as const);
    const config: SystemConfig = {
      name,
      volumes: [{ name: volume, sizeBytes, trackBytes }],
      links: [{ name: "link", peer, role, address: "b" }],
    };
    const ports = { ...runtime, disks: new Map([[volume, disk]]), meta: new FakeDisk(META_BYTES), links: network };
    return { system: await StorageSystem.start(config, ports, runtime.tasks), disk, runtime };
  };
  // Random streams that never meet, or both ends would draw the same generations.
  const b = await start("b", 0x1000_0000);
  const a = await start("a", 0);
  const until = async (reached: () => boolean): Promise<void> => {
    for (let round = 0; round < 36_000; round++) {
      if (reached()) return;
      for (const { runtime } of [a, b]) if (runtime.escaped[0] !== undefined) throw runtime.escaped[0];
      await clock.pass(100 * NS_PER_MS);
    }
    throw new Error("an hour has passed");
  };
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    void work.then(settle, settle);
    await clock.pass(0);
    await until(() => settled);
    return work;
  };
  return { a, b, run, until, cut: () => network.cut(), heal: () => network.heal() };
}
