import type { RemoteControl } from "./remote-control.ts";
import type { NbdPlace } from "./remote-device.ts";

/** Where one system of a world runs: its program can be started there, killed, and started again. */
export interface SystemPlace {
  /** What others on its network dial. */
  readonly address: string;
  /** Where hosts reach its volumes, while it runs. */
  readonly nbd: NbdPlace;
  /** Starts its program; ends when it is ready. @throws ProgramNotReady, ContainerError */
  boot(): Promise<void>;
  /** The program that was started last, for administrators. */
  control(): RemoteControl;
  /** SIGKILL, also of one that is paused: the kernel closes its sockets. Nothing if it does not run. */
  kill(): Promise<void>;
  /** It runs no instruction more; its sockets stay, and are silent. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** What its programs printed last. */
  logs(lines?: number): Promise<string>;
}

/** How the systems of a world are run. */
export interface Deployment {
  place(system: string): SystemPlace;
  /** Ports that the program needs on each link. */
  readonly portsPerLink: number;
  /** After all systems were killed: nothing of them is left. */
  close(): Promise<void>;
}

/** The program of a system ended, or did not become ready: its own fault, not the world's. */
export class ProgramNotReady extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ProgramNotReady";
    // It is about a program elsewhere: where it was noticed tells nobody anything.
    delete this.stack;
  }
}
