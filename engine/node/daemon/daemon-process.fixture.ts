import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { ControlClient } from "../control/client.ts";

const program = new URL("../cli/main.ts", import.meta.url).pathname;
const line = z.object({
  step: z.string().optional(),
  msg: z.string().optional(),
  fields: z.record(z.string(), z.any()).optional(),
});
const ready = z.object({ control: z.string(), nbd: z.string(), links: z.string() });

/** A folder that is gone when the test is. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "resilver-daemon-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface DaemonProcess {
  readonly nbdPort: number;
  /** Where the others dial to, by link. */
  readonly linkPorts: ReadonlyMap<string, number>;
  readonly client: ControlClient;
  /** What it logged so far. */
  readonly log: readonly string[];
  /** Sends the signal. @returns the exit code, -1 if a signal ended it */
  end(signal: "SIGTERM" | "SIGKILL" | "SIGINT" | "SIGUSR2"): Promise<number>;
}

/** A program that has this has a bug, which shows at SIGUSR2. */
const BUG = `data:text/javascript,process.on("SIGUSR2", () => { throw new Error("a planted bug"); })`;

/** Starts an engine as a process of its own; settles when it is ready. @throws Error with its log if it ends before */
export async function startProcess(folder: string, config: { readonly name: string }): Promise<DaemonProcess> {
  const file = join(folder, `${config.name}.json`);
  const withPorts = {
    log: { level: "debug" },
    nbd: { port: 0 },
    control: { port: 0, tokenFile: `${config.name}.token` },
    ...config,
  };
  writeFileSync(file, JSON.stringify(withPorts));
  const child = spawn(
    process.execPath,
    ["--import", BUG, "--disable-warning=ExperimentalWarning", program, "engine", "--config", file],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const log: string[] = [];
  const fields = await readyFields(child, log);
  const [control, nbd] = [portOf(fields.control), portOf(fields.nbd)];
  const links = fields.links.split(" ").filter((text) => text !== "");
  const token = readFileSync(join(folder, `${config.name}.token`), "utf8").trim();
  return {
    nbdPort: nbd,
    linkPorts: new Map(links.map((text) => [text.split("=")[0] ?? "", portOf(text)])),
    client: new ControlClient({ url: `http://127.0.0.1:${control}`, token }),
    log,
    end: async (signal) => {
      const ended = once(child, "close");
      child.kill(signal);
      const [code] = await ended;
      return typeof code === "number" ? code : -1;
    },
  };
}

async function readyFields(child: ChildProcess, log: string[]): Promise<z.infer<typeof ready>> {
  if (child.stdout === null || child.stderr === null) throw new Error("no pipes");
  child.stderr.on("data", (text: Buffer) => log.push(text.toString()));
  const lines = createInterface(child.stdout);
  return new Promise((resolve, reject) => {
    lines.on("line", (text) => {
      log.push(text);
      const { step, fields } = line.parse(JSON.parse(text));
      if (step === "daemon.ready") resolve(ready.parse(fields));
    });
    child.once("close", (code) => reject(new Error(`the engine ended with ${code}:\n${log.join("\n")}`)));
  });
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
