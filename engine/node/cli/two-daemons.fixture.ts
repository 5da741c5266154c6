import { pino } from "pino";
import { join } from "node:path";
import { type Daemon, startDaemon } from "../daemon/daemon.ts";
import { parseConfig } from "../daemon/load-config.ts";

const host = "127.0.0.1";
const SIZE = "1 MiB";

/** Two daemons in this process, `a` with everything that can be configured. Stop them. */
export async function twoDaemons(folder: string): Promise<{ readonly a: Daemon; readonly b: Daemon }> {
  const start = (name: string, rest: object): Promise<Daemon> => {
    const config = {
      name,
      meta: { disk: `file:${name}.meta`, size: "256 KiB", create: true },
      nbd: { port: 0 },
      control: { port: 0, tokenFile: `${name}.token`, commandTimeoutSeconds: 10 },
      ...rest,
    };
    const logger = pino({ level: "silent" });
    return startDaemon({ config: parseConfig(config, join(folder, "x.json")), logger, version: "1.2.3" });
  };
  const volume = (name: string, size = SIZE): object => ({ name, disk: `file:${name}.img`, size, create: true });
  const b = await start("b", {
    volumes: [volume("svol")],
    links: [{ name: "link", peer: "a", role: "listen", host, port: 0 }],
  });
  const a = await start("a", {
    volumes: [volume("pvol"), volume("mirror"), volume("log", "16 MiB"), volume("base"), volume("area", "2 MiB")],
    images: [{ volume: "pvol", method: "old-data", area: "area" }],
    journals: [{ volume: "pvol", log: "log", base: "base" }],
    links: [{ name: "link", peer: "b", role: "dial", host, port: b.linkPort("link") }],
  });
  return { a, b };
}
