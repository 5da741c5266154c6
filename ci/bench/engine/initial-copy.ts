import { randomFillSync } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { barAtLeast, type Section, sampleOf, secondsOf } from "../measure.ts";
import { createPair, memoryOf, pairUntil, twoDaemons } from "./daemons.ts";
import { qemuNbd } from "./qemu.ts";
import type { EngineSettings } from "./settings.ts";
import { Stage } from "./stage.ts";
import { missing } from "./tools.ts";

const MEGABYTE = 1e6;
const CHUNK_BYTES = 2 ** 23;

/** The first copy of a volume without zeros to an empty one, in turns with `nbdcopy` of the same file. */
export async function initialCopy(settings: EngineSettings): Promise<Section> {
  const { rounds, sizeBytes, folder } = settings;
  await using stage = new Stage(folder);
  const noPeer = missing("nbdcopy", "qemu-nbd");
  await randomFile(stage.path("a.img"), sizeBytes);
  const [ours, theirs, ratios]: [number[], number[], number[]] = [[], [], []];
  const megabytes = sizeBytes / MEGABYTE;
  let memory: ReturnType<typeof memoryOf> | undefined;
  for (let round = 0; round < rounds; round++) {
    const copied = await copyByPair(stage, settings);
    memory = copied.memory;
    ours.push(megabytes / copied.seconds);
    if (noPeer !== undefined) continue;
    const seconds = await copyByTool(stage, sizeBytes);
    theirs.push(megabytes / seconds);
    ratios.push(seconds / copied.seconds);
  }
  return {
    name: "copy",
    how: `${sizeBytes / 2 ** 20} MiB of random data from page cache to an empty file, over TCP on loopback; ${rounds} rounds, in turns, each with new programs`,
    samples: [
      sampleOf("resilver, from the command to DUPLEX", "MB/s", ours),
      ...(theirs.length === 0 ? [] : [sampleOf("nbdcopy --flush, file to qemu-nbd", "MB/s", theirs)]),
      ...(memory?.samples ?? []),
    ],
    bars: [
      ...(ratios.length === 0
        ? []
        : [barAtLeast("full initial copy, against nbdcopy", sampleOf("ratio", "×", ratios).median, 0.8)]),
      ...(memory?.bars ?? []),
    ],
    notes: [
      ...(noPeer === undefined ? [] : [noPeer]),
      "both promise at the end that all of it is on the disk of the target; ours also what is still to be copied after a crash at any moment",
    ],
  };
}

async function copyByPair(stage: Stage, settings: EngineSettings) {
  await Promise.all(["a.meta", "b.meta", "b.img"].map((name) => rm(stage.path(name), { force: true })));
  const daemons = await twoDaemons(stage, settings);
  const seconds = await secondsOf(async () => {
    await createPair(daemons[0]);
    await pairUntil(daemons[0], ({ status }) => status === "DUPLEX");
  });
  const memory = memoryOf(daemons);
  for (const { program } of daemons) await stage.end(program);
  return { seconds, memory };
}

async function copyByTool(stage: Stage, sizeBytes: number): Promise<number> {
  const { port, program } = await qemuNbd(stage, await stage.file("copy.img", sizeBytes));
  const parameters = ["--flush", stage.path("a.img"), `nbd://127.0.0.1:${port}/target`];
  const seconds = await secondsOf(() => stage.output("nbdcopy", parameters));
  await stage.end(program);
  await rm(stage.path("copy.img"));
  return seconds;
}

async function randomFile(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, "w");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
    randomFillSync(chunk);
    await file.write(chunk, 0, Math.min(CHUNK_BYTES, sizeBytes - at));
  }
  await file.sync();
  await file.close();
}
