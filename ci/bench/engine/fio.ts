import { z } from "zod";
import type { Stage } from "./stage.ts";

/** A load of writes, of all of the volume again and again. */
export interface Load {
  readonly how: "randwrite" | "write";
  readonly blockBytes: number;
  readonly depth: number;
  /** So long, over and over; or only so much. */
  readonly seconds?: number;
  readonly writtenBytes?: number;
  /** Of what is written where. */
  readonly seed?: number;
}

const told = z.object({
  jobs: z.tuple([z.object({ error: z.number(), write: z.object({ iops: z.number(), bw_bytes: z.number() }) })]),
});

export interface Throughput {
  readonly perSecond: number;
  readonly bytesPerSecond: number;
}

/** Has fio write to the export `pvol` at a port. @throws Error if a write failed */
export async function fio(stage: Stage, port: number, load: Load): Promise<Throughput> {
  const { how, blockBytes, depth, seconds, writtenBytes, seed = 1 } = load;
  const text = await stage.output("fio", [
    "--name=bench",
    "--ioengine=nbd",
    `--uri=nbd://127.0.0.1:${port}/pvol`,
    `--rw=${how}`,
    `--bs=${blockBytes}`,
    `--iodepth=${depth}`,
    `--randseed=${seed}`,
    ...(seconds === undefined ? [] : ["--time_based", `--runtime=${seconds}`]),
    ...(writtenBytes === undefined ? [] : [`--io_size=${writtenBytes}`]),
    "--output-format=json",
  ]);
  const [{ error, write }] = told.parse(JSON.parse(text.slice(text.indexOf("{")))).jobs;
  if (error !== 0) throw new Error(`fio: error ${error}`);
  return { perSecond: write.iops, bytesPerSecond: write.bw_bytes };
}
