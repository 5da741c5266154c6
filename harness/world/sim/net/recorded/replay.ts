import { EventLog } from "../../../../history/event-log.ts";
import { Process } from "../../process.ts";
import type { Pump } from "../../pump.ts";
import { Scheduler } from "../../scheduler.ts";
import { SimRandom } from "../../sim-random.ts";
import type { Acceptor } from "../tcp/sim-endpoint.ts";
import { SimNetwork } from "../sim-network.ts";
import type { Lots } from "../proxy/lots.ts";
import type { SimProxy } from "../proxy/sim-proxy.ts";
import type { Action, ConnectionRecord, Recording, Schedule, Side } from "./schedule.ts";
import { SimPeer } from "./sim-peer.ts";

const NS_PER_MS = 1_000_000;
/** About what Linux gives a loopback connection. */
const BUFFER_BYTES = 2 * 1024 * 1024;
const LISTEN = "proxy";
const UPSTREAM = "server";
/** Another address of the server, for a change that restarts the proxy. */
const SAME_UPSTREAM = "server, by another name";

/**
 * Runs `schedule` on the simulated network, each action at its time in `startedMs`.
 *
 * @param lots what happens where Toxiproxy leaves it open; by seed without it
 * @throws NetworkError TOXIPROXY_PANICS, and UNKNOWN_NAME for a change of a toxic that is not there
 */
export async function replay(
  schedule: Schedule,
  startedMs: readonly number[],
  pump: Pump,
  lots?: Lots,
): Promise<Recording> {
  const scheduler = new Scheduler(new EventLog(1000), { eventsMax: 10_000_000, timeNsMax: schedule.untilMs * NS_PER_MS });
  const buffers = { sendBufferBytes: BUFFER_BYTES, receiveBufferBytes: BUFFER_BYTES };
  const network = new SimNetwork(scheduler, new SimRandom("recorded"), buffers, lots);
  const proxy = network.proxy("proxy", { listen: LISTEN, upstream: UPSTREAM });
  for (const { name, direction, toxic, toxicity } of schedule.toxics)
    await proxy.addToxic(name, direction, toxic, toxicity);
  const driver = new Process(scheduler, "driver");
  const clients: SimPeer[] = [];
  const servers: SimPeer[] = [];
  const acceptor: Acceptor = {
    host: network.host("server"),
    accept: (socket) => servers.push(new SimPeer("server", scheduler, socket)),
  };
  const startServer = (): void => {
    for (const address of [UPSTREAM, SAME_UPSTREAM]) network.bind(address, acceptor);
  };
  const stopServer = (): void => {
    for (const address of [UPSTREAM, SAME_UPSTREAM]) network.unbind(address, acceptor);
  };
  startServer();
  const connect = (): void => {
    const socket = network.connect(network.host("client"), LISTEN, (result) => client.connected(result));
    const client = new SimPeer("client", scheduler, socket);
    clients.push(client);
  };
  const peer = (side: Side, connection = 0): SimPeer => {
    const found = (side === "client" ? clients : servers)[connection];
    if (found === undefined) throw new Error(`${schedule.name}: no ${side} ${connection}`);
    return found;
  };
  const answeredMs: (number | null)[] = schedule.actions.map(() => null);
  const kind = scheduler.log.kind("action", "index");
  schedule.actions.forEach((action, index) => {
    const delayNs = Math.round((startedMs[index] ?? action.atMs) * NS_PER_MS);
    scheduler.schedule(delayNs, driver, kind, index, 0, () => {
      if (action.do === "connect") connect();
      else if (action.do === "stopServer") stopServer();
      else if (action.do === "startServer") startServer();
      else if ("side" in action) peer(action.side, action.connection).perform(action);
      else
        api(network, proxy, action).then(
          () => {
            answeredMs[index] = scheduler.nowNs / NS_PER_MS;
          },
          (error: unknown) => scheduler.fail(error),
        );
    });
  });
  await scheduler.run(pump);
  const connections = clients.map((client, index): ConnectionRecord => {
    const server = servers[index]?.record();
    return { client: client.record(), ...(server === undefined ? {} : { server }) };
  });
  return { schedule, startedMs, answeredMs, connections };
}

function api(network: SimNetwork, proxy: SimProxy, action: Action): Promise<void> {
  switch (action.do) {
    case "addToxic":
      return proxy.addToxic(action.name, action.direction, action.toxic, action.toxicity);
    case "updateToxic":
      return proxy.updateToxic(action.name, action.toxic, action.toxicity);
    case "removeToxic":
      return proxy.removeToxic(action.name);
    case "enable":
      return proxy.enable();
    case "disable":
      return proxy.disable();
    case "delete":
      return proxy.delete();
    case "resetAll":
      return network.reset();
    case "restart":
      return proxy.update({ upstream: SAME_UPSTREAM });
    default:
      throw new Error(`${action.do} is no call of the API`);
  }
}
