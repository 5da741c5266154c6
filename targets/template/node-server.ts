import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { dirname } from "node:path";

// The protocol of resilver's targets over HTTP, for an adapter in TypeScript or JavaScript. It needs Node.js alone: copy
// it. `resilver schema target` prints the OpenAPI document.

/** What a node is told, in /etc/resilver/node.json. */
export interface NodeConfig {
  readonly name: string;
  readonly volumes: readonly VolumeConfig[];
  readonly links: readonly LinkConfig[];
  readonly nbd: { readonly port: number };
  readonly control: { readonly port: number };
  readonly settings: Readonly<Record<string, string>>;
}

export interface VolumeConfig {
  readonly name: string;
  /** `nbd://HOST:PORT/EXPORT`. */
  readonly disk: string;
  readonly sizeBytes: number;
  readonly trackBytes: number;
}

export interface LinkConfig {
  readonly name: string;
  readonly peer: string;
  readonly role: "dial" | "listen";
  readonly host: string;
  readonly ports: readonly number[];
}

/** A pair as this end sees it. */
export interface PairStatus {
  readonly pair: string;
  readonly volume: string;
  readonly role: "primary" | "secondary";
  readonly status: "COPY" | "DUPLEX" | "SPLIT";
  readonly suspension: string;
  readonly consistent: boolean;
  readonly connected: boolean;
  readonly pendingTracks: number;
  readonly progress?: { readonly done: number; readonly total: number };
}

export interface NodeStatus {
  readonly pairs: readonly PairStatus[];
  readonly links: readonly { readonly link: string; readonly up: boolean }[];
}

/** A command, as an administrator gives it. */
export interface Command {
  readonly kind: string;
  readonly pair?: string;
  readonly volume?: string;
  readonly link?: string;
  readonly peerVolume?: string;
  readonly mode?: string;
  readonly secondary?: "read-only" | "read-write";
  readonly direction?: string;
}

/** A command is refused, and nothing changed. */
export class Refusal extends Error {
  readonly httpStatus: number;
  readonly code: string;

  constructor(httpStatus: 400 | 404 | 409 | 504, code: string, message: string) {
    super(message);
    this.httpStatus = httpStatus;
    this.code = code;
  }
}

/** What an adapter does for its engine. */
export interface NodeEngine {
  /** Whether hosts and commands are served. */
  isReady(): boolean;
  status(): Promise<NodeStatus>;
  /** @throws Refusal */
  execute(command: Command): Promise<void>;
  /** Tracks that the other end may lack, where pending-bitmap is declared. @throws Refusal */
  pending?(pair: string): { readonly trackBytes: number; readonly runs: readonly (readonly [number, number])[] };
}

/** Answers the protocol until the process ends. */
export function serveNode({ control, volumes }: NodeConfig, engine: NodeEngine): void {
  const sizes = volumes.map(({ name, sizeBytes }) => ({ volume: name, sizeBytes }));
  serveJson(control.port, async (method, path, body) => {
    if (path === "/readyz") return [engine.isReady() ? 200 : 503, {}];
    if (method === "GET" && path === "/v1/status") return [200, { volumes: sizes, ...(await engine.status()) }];
    const [, pair] = /^\/v1\/pairs\/([^/]+)\/pending$/.exec(path) ?? [];
    if (pair !== undefined && engine.pending !== undefined) return [200, engine.pending(decodeURIComponent(pair))];
    if (method !== "POST" || path !== "/v1/commands") return [404, { code: "NOT_FOUND", message: path }];
    await engine.execute(body as Command);
    return [200, {}];
  });
}

type Answer = readonly [status: number, body: unknown];

/** A server of JSON; a {@link Refusal} is answered as such. Anything else that is thrown ends the process. */
export function serveJson(
  port: number,
  answer: (method: string, path: string, body: unknown) => Promise<Answer>,
): void {
  serveBytes(port, (method, path, bytes) => answer(method, path, jsonOf(bytes)));
}

/** The same for requests that bring bytes. */
export function serveBytes(
  port: number,
  answer: (method: string, path: string, bytes: Buffer) => Promise<Answer>,
): void {
  const server = createServer((request, response) => {
    void (async () => {
      let [status, body]: Answer = [500, {}];
      try {
        [status, body] = await answer(request.method ?? "", request.url ?? "", await bytesOf(request));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        [status, body] = [error.httpStatus, { code: error.code, message: error.message }];
      }
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    })();
  });
  server.listen(port, "0.0.0.0");
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  try {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  } catch (error) {
    // Its connection was cut.
    throw new Refusal(400, "MALFORMED", String(error));
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return bytes.length === 0 ? {} : JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new Refusal(400, "MALFORMED", String(error));
  }
}

/** Writes a file of the node's own: after a kill it is the former one or this one, whole. */
export function writeDurably(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text);
  const file = openSync(`${path}.new`, "r");
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
}
