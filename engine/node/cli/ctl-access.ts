import { ControlClient } from "../control/client.ts";
import { readToken } from "../daemon/control-token.ts";
import { loadConfig } from "../daemon/load-config.ts";
import { UsageError } from "./run-commander.ts";

export interface AccessFlags {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly config?: string;
  readonly timeout: number;
}

/**
 * How to reach an engine: by flags, by its configuration on this machine, or by the environment.
 * @throws UsageError, SetupError
 */
export async function controlClient(flags: AccessFlags): Promise<ControlClient> {
  const { config, timeout } = flags;
  const { RESILVER_URL, RESILVER_TOKEN, RESILVER_TOKEN_FILE, RESILVER_CONFIG } = process.env;
  const file = config ?? (flags.url === undefined && RESILVER_URL === undefined ? RESILVER_CONFIG : undefined);
  const control = file === undefined ? undefined : (await loadConfig(file)).control;
  const url = flags.url ?? (control === undefined ? RESILVER_URL : urlOf(control));
  if (url === undefined)
    throw new UsageError("which engine? give --config FILE, or --url URL with --token-file FILE, or set RESILVER_URL");
  if (!URL.canParse(url)) throw new UsageError(`--url ${url}: expected something like http://127.0.0.1:7070`);
  const tokenFile = flags.tokenFile ?? control?.tokenFile ?? RESILVER_TOKEN_FILE;
  const token = tokenFile === undefined ? RESILVER_TOKEN : await readToken(tokenFile);
  if (token === undefined) throw new UsageError("no token: give --token-file FILE, or set RESILVER_TOKEN");
  return new ControlClient({ url, token, timeoutMs: 10_000, commandTimeoutMs: timeout * 1000 });
}

/** Where the control API of a configuration is, as seen from its machine. */
export function urlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  // An engine that listens everywhere also listens here.
  const here = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${here.includes(":") ? `[${here}]` : here}:${port}`;
}
