import { afterAll, beforeAll, expect, test } from "vitest";
import { MirroredVolume } from "./mirrored-volume.fixture.ts";
import { Stage } from "./stage.ts";
import type { ContainerLink } from "./container-link.ts";
import type { Injection } from "../world.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.create();
});

afterAll(() => stage.close());

type Strike = (link: ContainerLink) => Injection;

/** What ends a TLS session, in the middle of a record or of a handshake. */
const ending: readonly (readonly [what: string, strike: Strike])[] = [
  ["a cut", (link) => link.cut()],
  ["a reset by the peer", (link) => link.toxic("reset_peer", "upstream", { timeout: 0 })],
  ["a reset of the way back", (link) => link.toxic("reset_peer", "downstream", { timeout: 0 })],
  ["an end in the middle of a record", (link) => link.toxic("limit_data", "upstream", { bytes: 20_011 })],
  ["an end in the middle of each handshake", (link) => link.toxic("limit_data", "downstream", { bytes: 333 })],
  ["a way that swallows everything", (link) => link.toxic("timeout", "upstream", { timeout: 0 })],
];

/** What it lives through. */
const disturbing: readonly (readonly [what: string, strike: Strike])[] = [
  ["records in slices of a few bytes", (link) => link.toxic("slicer", "upstream", { average_size: 61, delay: 20 })],
  ["a long way", (link) => link.toxic("latency", "downstream", { latency: 40, jitter: 20 })],
  ["a narrow way", (link) => link.toxic("bandwidth", "upstream", { rate: 200 })],
];

/** A host that writes one block after the other, on blocks in turn. */
class Writer {
  count = 0;
  #stopped = false;
  readonly #ended: Promise<void>;

  constructor(mirrored: MirroredVolume) {
    this.#ended = this.#write(mirrored.device());
    this.#ended.catch(() => undefined);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#ended;
  }

  async #write(device: ReturnType<MirroredVolume["device"]>): Promise<void> {
    for (; !this.#stopped; this.count++) {
      const block = new Uint8Array(4096).fill(this.count);
      await device.write((this.count % 200) * 5 * 4096, block);
    }
  }
}

test("a session of TLS that faults end comes back, and the pair converges", async () => {
  const mirrored = await MirroredVolume.create(stage);
  const link = mirrored.world.link("link");
  const writer = new Writer(mirrored);
  for (const [what, strike] of ending) {
    const injection = strike(link);
    await mirrored.until(`the end of the session by ${what}`, (reports) =>
      reports.every(({ connected, status }) => !connected && status !== "DUPLEX"),
    );
    const reached = writer.count + 20;
    await mirrored.until(`writes without the secondary after ${what}`, () => writer.count > reached);
    injection.heal();
    await mirrored.duplex();
  }
  await writer.stop();
  await mirrored.duplex();
  expect(await mirrored.difference()).toBe(-1);
});

test("a session of TLS lives through disturbances, and the pair stays in step", async () => {
  const mirrored = await MirroredVolume.create(stage);
  const link = mirrored.world.link("link");
  const writer = new Writer(mirrored);
  for (const [what, strike] of disturbing) {
    const injection = strike(link);
    const reached = writer.count + 10;
    await mirrored.until(`writes on both sides through ${what}`, () => writer.count > reached);
    injection.heal();
    await mirrored.until("the heal", () => true);
  }
  await writer.stop();
  expect(mirrored.steps.filter((step) => / (?:session\.down|pair\.suspended) /.test(step))).toEqual([]);
  await mirrored.duplex();
  expect(await mirrored.difference()).toBe(-1);
});
