import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { dirname } from "node:path";

// The protocol of resilver's targets over HTTP, for an adapter in TypeScript or JavaScript. It needs Node.js alone: copy
// it. `resilver schema target` prints the OpenAPI document.

const CONFIG_FILE = "/etc/resilver/node.json";

/** What a node is told, in its file. */
export interface NodeConfig {
  readonly name: string;
  readonly volumes: readonly VolumeConfig[];
  readonly links: readonly LinkConfig[];
  readonly nbd: { readonly port: number };
  readonly control: { readonly port: number };
  /** Where an engine that keeps its volumes itself serves what it holds; not told to others. */
  readonly copies?: { readonly port: number };
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
  /** Settles when hosts and commands are served. */
  start(): Promise<void>;
  /** Whether hosts and commands are served. */
  isReady(): boolean;
  status(): Promise<NodeStatus>;
  /** @throws Refusal */
  execute(command: Command): Promise<void>;
  /** Tracks that the other end may lack, where pending-bitmap is declared. @throws Refusal */
  pending?(pair: string): { readonly trackBytes: number; readonly runs: readonly (readonly [number, number])[] };
}

/** What this node is told. */
export function readConfig(): NodeConfig {
  return JSON.parse(readFileSync(CONFIG_FILE, "utf8")) as NodeConfig;
}

/** Starts the engine, as the first process of a container, and answers the protocol until the process ends. */
export async function runNode(config: NodeConfig, engine: NodeEngine): Promise<void> {
  serveNode(config, engine);
  // The first process of a container ignores what it does not handle.
  process.on("SIGTERM", () => process.exit(0));
  await engine.start();
}

/** @throws Refusal */
export function volumeOf({ volumes }: NodeConfig, name: string): VolumeConfig {
  const volume = volumes.find((candidate) => candidate.name === name);
  if (volume === undefined) throw new Refusal(404, "VOLUME_UNKNOWN", `there is no volume ${name}`);
  return volume;
}

/** The link over which the primary of a pair reaches the other end. @throws Refusal */
export function dialledLink({ links }: NodeConfig, name: string): LinkConfig {
  const link = links.find((candidate) => candidate.name === name);
  if (link === undefined) throw new Refusal(404, "LINK_UNKNOWN", `there is no link ${name}`);
  if (link.role !== "dial") throw new Refusal(409, "NOT_DIALLED", "the primary is the end that dials");
  return link;
}

/** A pair as its secondary sees it, which knows what it was told last. @param connected the primary was heard of late */
export function secondaryStatus(
  word: Pick<PairStatus, "pair" | "volume" | "status" | "suspension" | "consistent">,
  connected: boolean,
): PairStatus {
  const { pair, volume, status, suspension, consistent } = word;
  const common = { pair, volume, role: "secondary", consistent, connected, pendingTracks: 0 } as const;
  // Of a primary that is silent nobody here knows whether it goes on.
  if (!connected && status !== "SPLIT") return { ...common, status: "SPLIT", suspension: "link" };
  return { ...common, status, suspension };
}

function serveNode({ control, volumes }: NodeConfig, engine: NodeEngine): void {
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

/** What {@link writeState} wrote last. @param none what a node begins with */
export function readState<State>(path: string, none: State): State {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as State) : none;
}

/** Writes a file of the node's own, as JSON: after a kill it is the former one or this one, whole. */
export function writeState(path: string, state: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(state));
  const file = openSync(`${path}.new`, "r");
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
}
