import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Daemon } from "./daemon.ts";

const SOCKET = "/run/hosts.sock";
const ASKED_MS = 10;

/** What the client of a pair knows of it. */
export interface ClientState {
  /** It has a connection to the second brick. */
  readonly up: boolean;
  /** The first brick says that the second one lacks something. */
  readonly pending: boolean;
  /** A write is under way, or was when its client died: bricks may differ where it went. */
  readonly dirty: boolean;
}

/** What is wrong with a graph. */
class HostsError extends Error {}

/** The program that serves hosts: hosts.py says what it is told. */
export class Hosts {
  constructor(port: number) {
    const python = (script: string): readonly string[] => ["python", `/opt/targets/gluster/${script}`];
    void new Daemon("nbdkit", ["-f", "--threads", "32", "--port", String(port), ...python("hosts.py")]);
  }

  /** Settles when it can be told something. */
  async ready(): Promise<void> {
    for (;;) {
      try {
        await this.#ask({ kind: "greet" });
        return;
      } catch {
        // It does not listen yet. If it never does, the node is not ready in time, and its log says why.
        await sleep(ASKED_MS);
      }
    }
  }

  /** Hosts use the volume by this graph. Settles when it is so. @throws HostsError: they have no access */
  async gluster(volume: string, volfile: string): Promise<void> {
    await this.#ask({ kind: "gluster", volume, volfile });
  }

  /** Hosts may read the local copy. */
  async copy(volume: string, file: string): Promise<void> {
    await this.#ask({ kind: "copy", volume, file });
  }

  async none(volume: string): Promise<void> {
    await this.#ask({ kind: "none", volume });
  }

  /** Has a brick that lacks the file get it. */
  async touch(volume: string): Promise<void> {
    await this.#ask({ kind: "touch", volume });
  }

  /** @param file what the first brick holds */
  state(volume: string, file: string): Promise<ClientState> {
    return this.#ask({ kind: "state", volume, file }) as Promise<ClientState>;
  }

  async #ask(word: object): Promise<unknown> {
    const socket = connect(SOCKET);
    await once(socket, "connect");
    socket.end(`${JSON.stringify(word)}\n`);
    const answer = JSON.parse(await text(socket)) as { readonly error?: string };
    if (answer.error !== undefined) throw new HostsError(answer.error);
    return answer;
  }
}
