import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What a monitor refuses. */
export class QmpError extends Error {}

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly event?: string;
  readonly id?: number;
}

/** A block job, as `query-block-jobs` tells of it. */
interface BlockJob {
  readonly device: string;
  readonly len: number;
  readonly offset: number;
  readonly ready: boolean;
  readonly paused: boolean;
  readonly "io-status": "ok" | "failed" | "nospace";
  readonly status: string;
}

interface BlockNode {
  readonly "node-name": string;
  readonly "dirty-bitmaps"?: readonly { readonly count: number }[];
}

/** A mirror job, and what it has still to copy. */
export interface MirrorJob extends BlockJob {
  readonly leftBytes: number;
}

/** The node that the mirror job of this name puts above its source. */
export function filterOf(job: string): string {
  return `${job}-filter`;
}

/** A `qemu-storage-daemon` that serves NBD at one port, and its monitor (QMP) on standard input and output. */
export class StorageDaemon {
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #send: (line: string) => void;
  #next = 0;
  #onEvent: (name: string) => void = () => {};

  /** @param port where its exports are served, on every address */
  constructor(port: number) {
    const child = spawn(
      "qemu-storage-daemon",
      [
        ...["--chardev", "stdio,id=monitor", "--monitor", "chardev=monitor"],
        ...["--nbd-server", `addr.type=inet,addr.host=0.0.0.0,addr.port=${port},max-connections=64`],
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    this.#send = (line) => child.stdin.write(line);
    createInterface(child.stdout).on("line", (line) => this.#take(JSON.parse(line) as Reply));
    // A node without its engine is no node.
    child.once("exit", (code, signal) => {
      console.error(`qemu-storage-daemon ended: ${signal ?? code}`);
      process.exit(1);
    });
    void this.execute("qmp_capabilities");
  }

  onEvent(listener: (name: string) => void): void {
    this.#onEvent = listener;
  }

  /** @throws QmpError */
  execute(command: string, args: object = {}): Promise<unknown> {
    const id = ++this.#next;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#send(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return promise;
  }

  /**
   * The mirror job of this name, with all bytes that it has not copied. Its own count is brought up to date when it looks
   * for work, up to 100 ms late; until then its bitmap knows. Asked for first: bytes leave it for the count.
   */
  async job(id: string): Promise<MirrorJob | undefined> {
    const nodes = (await this.execute("query-named-block-nodes", { flat: true })) as readonly BlockNode[];
    const [bitmap] = nodes.find((node) => node["node-name"] === filterOf(id))?.["dirty-bitmaps"] ?? [];
    const jobs = (await this.execute("query-block-jobs")) as readonly BlockJob[];
    const job = jobs.find(({ device }) => device === id);
    return job && { ...job, leftBytes: Math.max(bitmap?.count ?? 0, job.len - job.offset) };
  }

  /** Opens what lies behind an NBD URL as the node `name`. */
  async open(name: string, url: string): Promise<void> {
    const { hostname, port, pathname } = new URL(url);
    await this.execute("blockdev-add", {
      driver: "nbd",
      "node-name": name,
      server: { type: "inet", host: hostname, port },
      export: decodeURIComponent(pathname.slice(1)),
    });
  }

  async close(name: string): Promise<void> {
    await this.execute("blockdev-del", { "node-name": name });
  }

  /** Serves the node `name` under its name. @param writethrough every write is flushed before it is answered */
  async serve(
    name: string,
    { writable, writethrough = false }: { writable: boolean; writethrough?: boolean },
  ): Promise<void> {
    await this.execute("block-export-add", { type: "nbd", id: name, "node-name": name, name, writable, writethrough });
  }

  /** Ends the connections of its clients; settles when the export is gone. */
  async unserve(name: string): Promise<void> {
    await this.execute("block-export-del", { id: name, mode: "hard" });
    // The command only begins it.
    while (((await this.execute("query-block-exports")) as readonly { id: string }[]).some(({ id }) => id === name));
  }

  #take(reply: Reply): void {
    if (reply.event !== undefined) this.#onEvent(reply.event);
    const waiting = this.#waiting.get(reply.id ?? 0);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.id ?? 0);
    if (reply.error === undefined) waiting.resolve(reply.return);
    else waiting.reject(new QmpError(reply.error.desc));
  }
}
