// Graphs of GlusterFS, as glusterd would write them for a replicated volume of two bricks: the first is that of the primary.

/** Of every Gluster volume; each brick has a folder and a process of its own. */
const VOLUME = "vol";

/** A client drops a connection that is silent for so long, and goes on with the other brick. The default is 42. */
const PING_TIMEOUT_SECONDS = 5;
/** The self-heal daemon looks for work so often, beside whenever a brick comes back. The default is 600, the least is 5. */
const HEAL_TIMEOUT_SECONDS = 5;

export interface BrickAddress {
  readonly host: string;
  readonly port: number;
}

interface Translator {
  readonly name: string;
  readonly type: string;
  readonly options?: Readonly<Record<string, string | number>>;
  readonly over?: readonly string[];
}

/**
 * What a brick process serves.
 *
 * @param hostname whose self-heal daemon takes care of the brick
 */
export function brickGraph(folder: string, hostname: string, { host, port }: BrickAddress): string {
  const pending = {
    "xattrop-dirty-watchlist": "trusted.afr.dirty",
    "xattrop-pending-watchlist": `trusted.afr.${VOLUME}-`,
  };
  return textOf([
    { name: "posix", type: "storage/posix", options: { directory: folder, hostname } },
    { name: "locks", type: "features/locks", over: ["posix"] },
    {
      name: "index",
      type: "features/index",
      options: { "index-base": `${folder}/.glusterfs/indices`, ...pending },
      over: ["locks"],
    },
    { name: "brick", type: "performance/io-threads", over: ["index"] },
    {
      name: "server",
      type: "protocol/server",
      options: {
        "transport-type": "tcp",
        "transport.socket.bind-address": host,
        "transport.socket.listen-port": port,
        "auth.addr.brick.allow": "*",
      },
      over: ["brick"],
    },
  ]);
}

/** A client of one brick alone, or of both: hosts write to all that can be reached, and read from the first. */
export function clientGraph(bricks: readonly BrickAddress[]): string {
  const clients = clientsOf(bricks);
  if (clients.length === 1) return textOf(clients);
  return textOf([...clients, replicate(clients, { "background-self-heal-count": 0 })]);
}

/** The self-heal daemon. */
export function healGraph(bricks: readonly BrickAddress[]): string {
  const clients = clientsOf(bricks);
  const options = {
    "iam-self-heal-daemon": "yes",
    "heal-timeout": HEAL_TIMEOUT_SECONDS,
    "data-self-heal": "on",
    "metadata-self-heal": "on",
    "entry-self-heal": "on",
  };
  return textOf([...clients, replicate(clients, options)]);
}

/** No quorum: with two bricks it would stop hosts as soon as one is gone. */
function replicate(clients: readonly Translator[], options: Readonly<Record<string, string | number>>): Translator {
  const over = clients.map(({ name }) => name);
  return {
    name: `${VOLUME}-replicate-0`,
    type: "cluster/replicate",
    options: { "afr-pending-xattr": over.join(","), "quorum-type": "none", "choose-local": "true", ...options },
    over,
  };
}

function clientsOf(bricks: readonly BrickAddress[]): readonly Translator[] {
  return bricks.map(({ host, port }, index) => ({
    name: `${VOLUME}-client-${index}`,
    type: "protocol/client",
    options: {
      "transport-type": "tcp",
      "remote-host": host,
      "remote-port": port,
      "remote-subvolume": "brick",
      "ping-timeout": PING_TIMEOUT_SECONDS,
    },
  }));
}

function textOf(translators: readonly Translator[]): string {
  const blocks = translators.map(({ name, type, options = {}, over = [] }) =>
    [
      `volume ${name}`,
      `  type ${type}`,
      ...Object.entries(options).map(([option, value]) => `  option ${option} ${value}`),
      ...(over.length === 0 ? [] : [`  subvolumes ${over.join(" ")}`]),
      "end-volume\n",
    ].join("\n"),
  );
  return blocks.join("\n");
}
