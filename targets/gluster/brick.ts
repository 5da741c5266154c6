import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Daemon } from "./daemon.ts";
import { type BrickAddress, brickGraph } from "./volfiles.ts";

const BRICKS = "/bricks";
const ASKED_MS = 10;

/** The brick of one volume: a folder with one file, and the process that serves it. */
export class Brick {
  readonly folder: string;
  /** What it holds of the volume. */
  readonly file: string;
  readonly #volume: string;
  #daemon: Daemon | undefined;

  constructor(volume: string) {
    this.#volume = volume;
    this.folder = `${BRICKS}/${volume}`;
    this.file = `${this.folder}/disk`;
  }

  /** @returns whether it has the file in its whole length */
  holds(sizeBytes: number): boolean {
    return statSync(this.file, { throwIfNoEntry: false })?.size === sizeBytes;
  }

  /** Serves at that address. Settles when clients can connect. @param caretaker the host whose daemon heals it */
  async start(address: BrickAddress, caretaker: string): Promise<void> {
    await this.stop();
    mkdirSync(`${this.folder}/.glusterfs/indices`, { recursive: true });
    const volfile = `/run/${this.#volume}-brick.vol`;
    writeFileSync(volfile, brickGraph(this.folder, caretaker, address));
    this.#daemon = new Daemon("glusterfsd", ["-N", "-f", volfile, "-l", "/dev/stderr", "-L", "WARNING"]);
    while (!(await answers(address.port))) await sleep(ASKED_MS);
  }

  /** Its clients are told by the end of their connections. */
  async stop(): Promise<void> {
    await this.#daemon?.stop();
    this.#daemon = undefined;
  }

  /** A new one has nothing of what the volume held. */
  async empty(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
