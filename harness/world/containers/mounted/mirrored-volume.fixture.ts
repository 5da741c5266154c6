import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { NS_PER_MS } from "../../../../engine/ports/index.ts";
import { findTool } from "../../../oracle/find-tool.ts";
import { runTool } from "../../../oracle/run-tool.ts";
import { MiB, mirror } from "../../../plan/index.ts";
import type { AdminCommand, PairReport } from "../../../target/target.ts";
import { firstDifference } from "../../sim/disk/index.ts";
import { ContainerWorld } from "../container-world.ts";
import type { Stage } from "../stage.ts";

const WITHIN_NS = 60_000 * NS_PER_MS;

/** `pvol` on `a` mirrored to `svol` on `b`, synchronously, in containers; taken away after the test. */
export class MirroredVolume {
  readonly world: ContainerWorld;
  readonly #failures: unknown[];

  private constructor(world: ContainerWorld, failures: unknown[]) {
    this.world = world;
    this.#failures = failures;
  }

  static async create(stage: Stage): Promise<MirroredVolume> {
    const failures: unknown[] = [];
    const world = await ContainerWorld.create({
      stage,
      topology: mirror({ sizeBytes: MiB(32), mode: "sync" }),
      seed: 1,
      listener: {
        systemDown: () => {},
        systemUp: () => {},
        linkCut: () => {},
        linkHealed: () => {},
        step: () => {},
        targetFailed: (_system, error) => failures.push(error),
      },
      onLook: async (take, ask) => {
        await take();
        await ask();
      },
      onFailure: (error) => failures.push(error),
    });
    onTestFinished(() => world.close());
    await world.start();
    const mirrored = new MirroredVolume(world, failures);
    const volumes = { volume: "pvol", link: "link", peerVolume: "svol" } as const;
    await mirrored.admin("a", { kind: "create", pair: "pair", ...volumes, mode: "sync" });
    await mirrored.duplex();
    return mirrored;
  }

  admin(system: string, command: AdminCommand): Promise<void> {
    const { serving } = this.world.system(system);
    if (serving === undefined) throw new Error(`${system} does not serve`);
    return serving.admin(command);
  }

  /** Settles when both ends are in step and know it. */
  duplex(): Promise<void> {
    return this.until("DUPLEX at both ends", (reports) => {
      return reports.length === 2 && reports.every(({ status, connected }) => status === "DUPLEX" && connected);
    });
  }

  /** @throws Error if it does not come about within a minute, or if anything failed meanwhile */
  async until(what: string, isSo: (reports: readonly PairReport[]) => boolean): Promise<void> {
    const { world } = this;
    const startNs = world.nowNs();
    while (true) {
      await world.settled();
      if (this.#failures.length > 0) throw new AggregateError(this.#failures, this.#failures.join("; "));
      await Promise.all(world.systems.flatMap(({ serving }) => serving?.refresh() ?? []));
      const reports = world.systems.flatMap(({ serving }) => serving?.pairs() ?? []);
      if (isSo(reports)) return;
      if (world.nowNs() - startNs > WITHIN_NS)
        throw new Error(`waited for ${what} in vain: ${JSON.stringify(reports)}`);
      await world.sleep(20 * NS_PER_MS);
    }
  }

  /** The first byte at which the disks of the two volumes differ; -1 if there is none. */
  async difference(): Promise<number> {
    await this.world.look();
    const [primary, secondary] = [this.world.view("pvol"), this.world.view("svol")];
    if (primary.allocatedRanges().length === 0) throw new Error("nothing was ever written on pvol");
    return firstDifference(primary, secondary);
  }

  /** What `e2fsck` with these flags makes of a copy of the volume, as hosts read it. @returns its exit code and words */
  async e2fsck(system: string, volume: string, ...flags: readonly string[]): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "resilver-e2fsck-"));
    try {
      const image = join(folder, "image");
      const { host, port } = this.world.system(system).nbd;
      await run("nbdcopy", `nbd://${host}:${port}/${volume}`, image);
      let last = "";
      for (const flag of flags) last = await run("e2fsck", flag, image);
      return last;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** @returns `exit N`, and what it said if it was not 0 */
async function run(tool: string, ...args: readonly string[]): Promise<string> {
  const end = await runTool(findTool(tool) ?? tool, args, { timeoutMs: 60_000 });
  if (end.kind === "failed") throw new Error(`${tool}: ${end.why}`);
  return end.exitCode === 0 ? "exit 0" : `exit ${end.exitCode}: ${end.stdout}${end.stderr}`;
}
