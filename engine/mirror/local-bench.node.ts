import type { Command } from "../controller/command.ts";
import type { WriteFate } from "../testing/fake-disk.ts";
import { Site } from "../testing/site.node.ts";
import type { LocalPair } from "./local-pair.ts";

export const TRACK_BYTES = 2048;
/** More than one step of a copy moves. */
export const TRACKS = 70;
export const SIZE_BYTES = TRACKS * TRACK_BYTES;
export const FAILS: WriteFate = { fails: () => false };

/** One system: a volume, and two that may mirror it. */
export class Bench {
  readonly site: Site;

  private constructor(site: Site) {
    this.site = site;
  }

  /** The volume is full of data, the mirror as `status` says. */
  static async open(status: "DUPLEX" | "SPLIT" | "none" = "DUPLEX"): Promise<Bench> {
    const systems = { s: ["v", "m", "n"] };
    const bench = new Bench(await Site.open({ sizeBytes: SIZE_BYTES, trackBytes: TRACK_BYTES, systems }));
    const content = new Uint8Array(SIZE_BYTES);
    for (let track = 0; track < TRACKS; track++)
      content.fill(100 + track, track * TRACK_BYTES, (track + 1) * TRACK_BYTES);
    await bench.site.run(bench.site.at("s").system.device("v").write(0, content));
    if (status === "none") return bench;
    await bench.command({ kind: "create-local", pair: "l", volume: "v", mirrorVolume: "m" });
    await bench.duplex();
    if (status === "SPLIT") await bench.command({ kind: "split", pair: "l", secondary: "read-write" });
    return bench;
  }

  get pair(): LocalPair {
    return this.site.at("s").system.localPair("l") as LocalPair;
  }

  get state(): string {
    const { status, suspension } = this.pair.entry;
    return `${status} ${suspension}`.trimEnd();
  }

  get steps(): readonly string[] {
    return this.site.at("s").runtime.steps;
  }

  disk(name: "v" | "m" | "n") {
    return this.site.disk("s", name);
  }

  command(command: Command): Promise<void> {
    return this.site.run(this.site.at("s").system.execute(command));
  }

  write(track: number, value: number, volume = "v"): Promise<void> {
    const data = new Uint8Array(TRACK_BYTES).fill(value);
    return this.site.run(
      this.site
        .at("s")
        .system.device(volume)
        .write(track * TRACK_BYTES, data),
    );
  }

  /** Starts to write, and lets no time pass. */
  begin(track: number, value: number): Promise<void> {
    return this.site
      .at("s")
      .system.device("v")
      .write(track * TRACK_BYTES, new Uint8Array(TRACK_BYTES).fill(value));
  }

  async duplex(name = "l"): Promise<void> {
    const pair = (): LocalPair => this.site.at("s").system.localPair(name) as LocalPair;
    await this.site.until(() => pair().entry.status === "DUPLEX" && pair().pending.count === 0);
  }

  /** Whether the mirror holds what the volume holds. */
  get isEqual(): boolean {
    return Buffer.compare(this.disk("m").visible, this.disk("v").visible) === 0;
  }

  /** Writes of the metadata disk that touch this bitmap fail, until mended. */
  failMarks(which: "mirror" | "volume"): void {
    const { bitmapOffsetBytes, mirrorBitmapOffsetBytes, restoreBitmapOffsetBytes } = this.pair.entry;
    const [from, to] =
      which === "mirror"
        ? [mirrorBitmapOffsetBytes, restoreBitmapOffsetBytes]
        : [bitmapOffsetBytes, mirrorBitmapOffsetBytes];
    this.site.at("s").meta.decide = ({ offsetBytes }) => (offsetBytes >= from && offsetBytes < to ? FAILS : "done");
  }

  mend(): void {
    for (const disk of [...this.site.at("s").disks.values(), this.site.at("s").meta]) {
      disk.decide = () => "done";
      disk.decideFlush = () => "done";
      disk.beforeRead = () => undefined;
    }
  }
}

/** The initial copy to the mirror has begun and is at its first write, or read. */
export async function filling(bench: Bench, pair = "l", mirror: "m" | "n" = "m") {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  bench.disk(mirror).decide = () => opened.then(() => "done");
  await bench.command({ kind: "create-local", pair, volume: "v", mirrorVolume: mirror });
  await bench.site.until(() => bench.disk(mirror).writes > 0);
  return open;
}
