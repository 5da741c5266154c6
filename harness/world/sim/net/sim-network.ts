import { Process } from "../process.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SimRandom } from "../sim-random.ts";
import { Host } from "./tcp/host.ts";
import { Kernel } from "./tcp/kernel.ts";
import { NetworkError } from "./tcp/network-error.ts";
import { type NetworkOptions, networkOptions } from "./tcp/network-options.ts";
import { type Acceptor, type ConnectResult, type OnSent, SimEndpoint, type Switchboard } from "./tcp/sim-endpoint.ts";
import type { Lots } from "./proxy/lots.ts";
import { type ProxyConfig, SimProxy } from "./proxy/sim-proxy.ts";
import { Socket } from "./tcp/socket.ts";
import { WireDelay } from "./tcp/wire-delay.ts";

type OnResult = (result: ConnectResult, socket: Socket) => void;

/** A connection being made. */
interface Attempt {
  readonly client: Socket;
  readonly stream: SimRandom;
  readonly address: string;
  readonly onResult: OnResult;
  readonly startNs: number;
}

/**
 * The network of one run: hosts, addresses, proxies. An address is any text; whoever listens on it
 * last owns it. Each connection runs over TCP as {@link Socket} has it; a connection dialled to the
 * `listen` address of a proxy goes through that proxy.
 */
export class SimNetwork implements Switchboard {
  readonly kernel: Kernel;
  readonly lots: Lots | undefined;
  readonly #random: SimRandom;
  readonly #hosts = new Map<string, Host>();
  readonly #endpoints = new Map<Process, SimEndpoint>();
  readonly #acceptors = new Map<string, Acceptor>();
  /** Who answers at an address where nobody listens now. */
  readonly #owners = new Map<string, Acceptor>();
  readonly #proxies = new Map<string, SimProxy>();
  #connectionCount = 0;

  /**
   * @param random the stream of the network alone
   * @param lots what proxies do where Go leaves an order open; by seed without it
   * @throws NetworkError PARAMETER
   */
  constructor(scheduler: Scheduler, random: SimRandom, options: Partial<NetworkOptions> = {}, lots?: Lots) {
    this.lots = lots;
    this.kernel = new Kernel(scheduler, networkOptions(options));
    this.#random = random;
  }

  /**
   * The Link ports of one incarnation of a program on `hostName`; a host without power gets it back.
   *
   * @param onSent the program wrote to a link, and the kernel has what it could take; with the address dialled
   */
  endpoint(process: Process, hostName: string, onSent?: OnSent): SimEndpoint {
    const host = this.host(hostName);
    host.restorePower();
    const endpoint = new SimEndpoint(this, process, host, onSent);
    this.#endpoints.set(process, endpoint);
    process.onExit(() => this.#endpoints.delete(process));
    return endpoint;
  }

  /** The host `name`, made on first use. */
  host(name: string): Host {
    return this.#host(name, false);
  }

  /**
   * Cuts the power of the host of `process`, before the process is killed: its sockets are gone, and
   * no peer is told. The host has power again when the next program gets an endpoint there.
   */
  powerLoss(process: Process): void {
    const host = this.#endpoints.get(process)?.host;
    if (host === undefined) throw unknownName("endpoint of process", process.name);
    for (const endpoint of this.#endpoints.values()) if (endpoint.host === host) endpoint.vanish();
    host.losePower();
  }

  /** Makes a proxy, enabled. @throws NetworkError DUPLICATE_NAME, ADDRESS_IN_USE */
  proxy(name: string, config: ProxyConfig): SimProxy {
    if (this.#proxies.has(name))
      throw new NetworkError("DUPLICATE_NAME", { place: "proxy", found: name, expected: "a name not yet in use" });
    const host = this.#host(`proxy:${name}`, true);
    const proxy = new SimProxy(this, host, this.#random.fork(`proxy/${name}`), name, config, () =>
      this.#proxies.delete(name),
    );
    this.#proxies.set(name, proxy);
    return proxy;
  }

  /** The proxy `name`. @throws NetworkError UNKNOWN_NAME */
  getProxy(name: string): SimProxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw unknownName("proxy", name);
    return proxy;
  }

  /** All proxies, in the order made. */
  get proxies(): readonly SimProxy[] {
    return [...this.#proxies.values()];
  }

  /** Enables every proxy and deletes every toxic (`POST /reset`). */
  async reset(): Promise<void> {
    for (const proxy of this.proxies) {
      await proxy.enable();
      await proxy.removeAllToxics();
    }
  }

  connect(from: Host, address: string, onResult: OnResult): Socket {
    const { scheduler, syn } = this.kernel;
    const stream = this.#random.fork(`connection/${this.#connectionCount++}`);
    const client = this.#socket(from, stream.fork("client"));
    client.onEstablished = () => onResult("established", client);
    const attempt: Attempt = { client, stream, address, onResult, startNs: scheduler.nowNs };
    if (this.#owners.get(address)?.host.adjacent === true) this.#arrive(attempt, this.kernel.options.retransmitNs);
    else
      scheduler.schedule(this.#handshakeNs(), from.kernel, syn, client.id, 0, () =>
        this.#arrive(attempt, this.kernel.options.retransmitNs),
      );
    return client;
  }

  bind(address: string, acceptor: Acceptor): void {
    if (this.#acceptors.has(address))
      throw new NetworkError("ADDRESS_IN_USE", { place: "listen", found: address, expected: "a free address" });
    this.#acceptors.set(address, acceptor);
    this.#owners.set(address, acceptor);
  }

  unbind(address: string, acceptor: Acceptor): void {
    if (this.#acceptors.get(address) === acceptor) this.#acceptors.delete(address);
  }

  /** The first packet of a connection reaches whoever has the address now; unanswered, it is sent again. */
  #arrive(attempt: Attempt, retryNs: number): void {
    const { scheduler, options, syn, refused, unreachable } = this.kernel;
    const { client, stream, address, onResult, startNs } = attempt;
    const { host: from, id } = client;
    const acceptor = this.#acceptors.get(address);
    const owner = this.#owners.get(address);
    const fail = (result: ConnectResult) => (): void => {
      client.close();
      onResult(result, client);
    };
    if (owner?.host.powered === false) {
      const leftNs = startNs + options.connectTimeoutNs - scheduler.nowNs;
      if (retryNs < leftNs)
        scheduler.schedule(retryNs, from.kernel, syn, id, 0, () => this.#arrive(attempt, retryNs * 2));
      else scheduler.schedule(Math.max(0, leftNs), from.kernel, unreachable, id, 0, fail("TIMEOUT"));
    } else if (acceptor === undefined) {
      owner?.refused?.();
      scheduler.schedule(from.adjacent ? 0 : this.#handshakeNs(), from.kernel, refused, id, 0, fail("REFUSED"));
    } else {
      const server = this.#socket(acceptor.host, stream.fork("server"));
      Socket.establish(client, server);
      acceptor.accept(server);
    }
  }

  #handshakeNs(): number {
    return this.kernel.options.latencyNsMin;
  }

  #socket(host: Host, random: SimRandom): Socket {
    const { latencyNsMin, latencyNsMax } = this.kernel.options;
    return new Socket(this.kernel, host, new WireDelay(latencyNsMin, latencyNsMax, random));
  }

  #host(name: string, adjacent: boolean): Host {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new Host(name, new Process(this.kernel.scheduler, `net:${name}`), adjacent);
      this.#hosts.set(name, host);
    }
    return host;
  }
}

function unknownName(place: string, found: string): NetworkError {
  return new NetworkError("UNKNOWN_NAME", { place, found, expected: "a name that is in use" });
}
