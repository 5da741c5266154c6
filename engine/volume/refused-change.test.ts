import { expect, test } from "vitest";
import { NS_PER_MS } from "../ports/index.ts";
import { FakeDisk } from "../testing/fake-disk.ts";
import { testRuntime } from "../testing/test-runtime.node.ts";
import { Tap } from "./tap.ts";
import { type Access, Volume } from "./volume.ts";

/** Takes the access away while a change waits; holds its tracks until a checkpoint. */
class Fickle extends Tap {
  granted: Access = "read-write";
  held = 0;

  override access(): Access {
    return this.granted;
  }

  override begin(): void {
    this.held++;
  }

  override async prepare(): Promise<void> {
    this.granted = "read-only";
  }

  override retire(): void {
    this.held = 0;
  }

  override get activeCount(): number {
    return this.held;
  }
}

test("the tracks of a change that is refused at the last look are forgotten without another change", async () => {
  const runtime = testRuntime();
  const volume = new Volume("pvol", new FakeDisk(8192), 4096, runtime);
  const tap = new Fickle();
  volume.addTap(tap);
  const refused = volume.update({ kind: "zero", offsetBytes: 0, lengthBytes: 512 });
  await expect(refused).rejects.toMatchObject({ code: "NO_ACCESS" });
  expect(tap.held).toBe(1);
  await runtime.clock.pass(100 * NS_PER_MS);
  expect(tap.held).toBe(0);
});
