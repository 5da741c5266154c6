import type { ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ControlClient } from "../../../engine/node/control/client.ts";
import type { StatusDocument } from "../../../engine/node/control/status-schema.ts";
import { barAtMost, type Section, sampleOf } from "../measure.ts";
import type { EngineSettings } from "./settings.ts";
import type { Stage } from "./stage.ts";

const MIB = 2 ** 20;
const MEGABYTE = 1e6;
const MEMORY_BYTES_MAX = 250 * MEGABYTE;
const META_BYTES = 4 * MIB;
/** So long a copy may take. */
const DUPLEX_MS = 120_000;
/**
 * Between two looks at what a copy has done: half of the time that the rest will take at the pace so far, within these
 * bounds. Each look takes a third of a millisecond from whom it looks at, and a copy should have that for itself.
 */
const LOOK_MS = { min: 10, max: 500 } as const;

const line = z.object({ step: z.string().optional(), fields: z.record(z.string(), z.unknown()).optional() });
const ready = z.object({ control: z.string(), nbd: z.string(), links: z.string() });

type PairStatus = StatusDocument["pairs"][number];

/** One engine as a program of its own, as its image runs it: bundled, with the default configuration. */
export interface Daemon {
  readonly client: ControlClient;
  readonly program: ChildProcess;
  readonly nbdPort: number;
  readonly linkPort: number;
}

/** The most memory that it has had so far. */
function peakBytes({ program }: Daemon): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${program.pid}/status`, "utf8"));
  if (found === null) throw new Error("the system does not say how much memory a program had");
  return Number(found[1]) * 1024;
}

export interface DaemonPlace {
  readonly name: string;
  readonly volume: string;
  readonly sizeBytes: number;
  readonly trackBytes?: number;
  /** What dials is told where to. */
  readonly link: { readonly peer: string; readonly role: "dial" | "listen"; readonly port: number };
}

/** Starts an engine; its volume is the file `NAME.img`. Settles when it serves hosts. @throws Error with its log */
export async function startDaemon(stage: Stage, engine: string, place: DaemonPlace): Promise<Daemon> {
  const { name, volume, sizeBytes, trackBytes, link } = place;
  const config = {
    name,
    volumes: [{ name: volume, disk: `file:${name}.img`, size: sizeBytes, trackBytes, create: true }],
    meta: { disk: `file:${name}.meta`, size: META_BYTES, create: true },
    links: [{ name: "link", host: "127.0.0.1", ...link }],
    nbd: { port: 0 },
    control: { port: 0, tokenFile: `${name}.token` },
  };
  writeFileSync(stage.path(`${name}.json`), JSON.stringify(config));
  const program = stage.start(process.execPath, [engine, "engine", "--config", stage.path(`${name}.json`)]);
  const { control, nbd, links } = await readyFields(program);
  const token = readFileSync(stage.path(`${name}.token`), "utf8").trim();
  const client = new ControlClient({ url: `http://127.0.0.1:${portOf(control)}`, token });
  return { client, program, nbdPort: portOf(nbd), linkPort: portOf(links) };
}

async function readyFields(program: ChildProcess): Promise<z.infer<typeof ready>> {
  if (program.stdout === null || program.stderr === null) throw new Error("no pipes");
  const log: string[] = [];
  program.stderr.on("data", (text: Buffer) => log.push(text.toString()));
  const lines = createInterface(program.stdout);
  const fields = await new Promise<z.infer<typeof ready>>((resolve, reject) => {
    lines.on("line", (text) => {
      log.push(text);
      const told = line.parse(JSON.parse(text));
      if (told.step === "daemon.ready") resolve(ready.parse(told.fields));
    });
    program.once("close", (code) => reject(new Error(`an engine ended with ${code}:\n${log.join("\n")}`)));
  });
  lines.close();
  // Nobody reads it any more, and it must not fill the pipe.
  program.stdout.resume();
  return fields;
}

/** 0 for none. */
function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** Makes the pair `pair` of `pvol` and `svol`, synchronous. */
export async function createPair({ client }: Daemon): Promise<void> {
  await client.execute({
    kind: "create",
    pair: "pair",
    link: "link",
    volume: "pvol",
    peerVolume: "svol",
    mode: "sync",
  });
}

/** Settles when the pair is as `reached` says. @throws Error after two minutes */
export async function pairUntil({ client }: Daemon, reached: (pair: PairStatus) => boolean): Promise<PairStatus> {
  const beganMs = performance.now();
  let mostTracks = 0;
  for (;;) {
    const [pair] = (await client.status()).pairs;
    if (pair !== undefined && reached(pair)) return pair;
    const passedMs = performance.now() - beganMs;
    if (passedMs > DUPLEX_MS) throw new Error(`the pair is ${JSON.stringify(pair)}`);
    const left = pair?.pendingTracks ?? 0;
    mostTracks = Math.max(mostTracks, left);
    const leftMs = mostTracks > left ? (passedMs * left) / (mostTracks - left) : 0;
    await sleep(Math.min(Math.max(leftMs / 2, LOOK_MS.min), LOOK_MS.max));
  }
}

/** Settles when a system has its link. @throws Error after two minutes */
async function linkUp({ client }: Daemon): Promise<void> {
  const deadlineMs = performance.now() + DUPLEX_MS;
  while (!(await client.status()).links.every(({ up }) => up)) {
    if (performance.now() > deadlineMs) throw new Error("the link is not up");
    await sleep(LOOK_MS.min);
  }
}

/** The systems `a`, which dials, and `b`, linked, each with a volume of that size in the files of before or new ones. */
export async function twoDaemons(
  stage: Stage,
  { engine, sizeBytes }: EngineSettings,
): Promise<readonly [Daemon, Daemon]> {
  const b = await startDaemon(stage, engine, {
    name: "b",
    volume: "svol",
    sizeBytes,
    link: { peer: "a", role: "listen", port: 0 },
  });
  const a = await startDaemon(stage, engine, {
    name: "a",
    volume: "pvol",
    sizeBytes,
    link: { peer: "b", role: "dial", port: b.linkPort },
  });
  await linkUp(a);
  return [a, b];
}

/** The most that both had in memory so far; the larger one counts. */
export function memoryOf(daemons: readonly [Daemon, Daemon]): Pick<Section, "samples" | "bars"> {
  const [primary, secondary] = daemons.map(peakBytes) as [number, number];
  return {
    samples: [
      sampleOf("peak resident memory of the primary", "MB", [primary / MEGABYTE]),
      sampleOf("peak resident memory of the secondary", "MB", [secondary / MEGABYTE]),
    ],
    bars: [barAtMost("memory of a daemon, 250 MB", Math.max(primary, secondary) / MEMORY_BYTES_MAX, 1)],
  };
}
