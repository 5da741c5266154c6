import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { StatusDocument } from "./status-schema.ts";
import { STATUSES } from "../../mirror/pair-entry.ts";

export const HOST_OPERATIONS = ["read", "write", "trim", "flush"] as const;
export type HostOperation = (typeof HOST_OPERATIONS)[number];
type Traffic = NonNullable<StatusDocument["pairs"][number]["traffic"]>;

interface HostCount {
  requests: number;
  bytes: number;
  failures: number;
}

/** What hosts did with one export. Counted at every request, so without looking anything up. */
export class HostTally {
  readonly counts: Readonly<Record<HostOperation, HostCount>> = {
    read: { requests: 0, bytes: 0, failures: 0 },
    write: { requests: 0, bytes: 0, failures: 0 },
    trim: { requests: 0, bytes: 0, failures: 0 },
    flush: { requests: 0, bytes: 0, failures: 0 },
  };

  /** A request ended well. */
  served(operation: HostOperation, bytes: number): void {
    const count = this.counts[operation];
    count.requests++;
    count.bytes += bytes;
  }

  /** A request was refused, or failed. */
  failed(operation: HostOperation): void {
    this.counts[operation].failures++;
  }
}

/** The metrics of one daemon, in a registry of its own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #tallies = new Map<string, HostTally>();
  /** Hosts that are connected now. Set by whoever serves them. */
  clients: () => number = () => 0;
  /** What the system tells of itself; `undefined` before it has started. */
  status: () => StatusDocument | undefined = () => undefined;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#count("requests", "Requests of hosts that were carried out");
    this.#count("bytes", "Bytes that hosts read or changed");
    this.#count("failures", "Requests of hosts that were refused or failed");
    this.#defineClients();
    this.#definePairs();
    this.#defineOthers();
  }

  /** What hosts do with an export is counted here. */
  tally(volume: string): HostTally {
    const known = this.#tallies.get(volume);
    if (known !== undefined) return known;
    const fresh = new HostTally();
    this.#tallies.set(volume, fresh);
    return fresh;
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #count(what: keyof HostCount, help: string): void {
    const tallies = this.#tallies;
    const counter = new Counter({
      name: `resilver_host_${what}_total`,
      help,
      labelNames: ["volume", "operation"],
      registers: [],
      collect() {
        this.reset();
        for (const [volume, tally] of tallies)
          for (const operation of HOST_OPERATIONS) this.inc({ volume, operation }, tally.counts[operation][what]);
      },
    });
    this.#registry.registerMetric(counter);
  }

  #defineClients(): void {
    const clients = (): number => this.clients();
    const gauge = new Gauge({
      name: "resilver_nbd_clients",
      help: "NBD clients that are connected",
      registers: [],
      collect() {
        this.set(clients());
      },
    });
    this.#registry.registerMetric(gauge);
  }

  #definePairs(): void {
    type Pair = StatusDocument["pairs"][number];
    const gauge = (name: string, help: string, value: (pair: Pair) => number | undefined): void => {
      this.#gauge(`resilver_pair_${name}`, help, ["pair", "volume", "role"], (status, set) => {
        for (const pair of status.pairs) {
          const found = value(pair);
          if (found !== undefined) set({ pair: pair.pair, volume: pair.volume, role: pair.role }, found);
        }
      });
    };
    gauge("pending_tracks", "Tracks that the other side may lack", (pair) => pair.pendingTracks);
    gauge("lag_writes", "Changes that the other end has not applied", (pair) => pair.lag?.writes);
    gauge("lag_seconds", "Age of the oldest change that the other end has not applied", (pair) => pair.lag?.seconds);
    gauge("resync_done_tracks", "Tracks copied by the resync that runs", (pair) => pair.progress?.done);
    gauge("resync_total_tracks", "Tracks to copy of the resync that runs", (pair) => pair.progress?.total);
    this.#traffic("pair", ["pair", "volume", "role"], (status, set) => {
      for (const { pair, volume, role, traffic } of status.pairs)
        if (traffic !== undefined) set({ pair, volume, role }, traffic);
    });
    gauge("consistent", "1 if the content of this side is a moment of some history", ({ consistent }) => +consistent);
    gauge("connected", "1 if the ends of the pair are connected", ({ connected }) => +connected);
    this.#gauge(
      "resilver_pair_status",
      "1 for the status that the pair has, 0 for the others",
      ["pair", "volume", "role", "status"],
      (report, set) => {
        for (const { pair, volume, role, status } of report.pairs)
          for (const other of STATUSES) set({ pair, volume, role, status: other }, +(other === status));
      },
    );
  }

  #defineOthers(): void {
    const gauge = this.#gauge.bind(this);
    gauge("resilver_link_up", "1 if there is a session with the other system", ["link", "peer"], (status, set) => {
      for (const { link, peer, up } of status.links) set({ link, peer }, +up);
    });
    this.#traffic("link", ["link", "peer"], (status, set) => {
      for (const { link, peer, sentBytes, receivedBytes } of status.links)
        set({ link, peer }, { sentBytes, receivedBytes });
    });
    gauge("resilver_image_fixed", "1 if there is an image that can be read", ["volume", "method"], (status, set) => {
      for (const { volume, method, state } of status.images) set({ volume, method }, +(state === "fixed"));
    });
    gauge("resilver_journal_oldest_lsn", "Oldest moment that can be recovered", ["volume"], (status, set) => {
      for (const { volume, oldestLsn } of status.journals) set({ volume }, oldestLsn);
    });
    gauge("resilver_journal_newest_lsn", "Newest entry of the journal", ["volume"], (status, set) => {
      for (const { volume, newestLsn } of status.journals) set({ volume }, newestLsn);
    });
    gauge("resilver_restore_left_tracks", "Tracks that a restore has to bring", ["volume", "from"], (status, set) => {
      for (const { volume, from, doneTracks, totalTracks } of status.restores)
        set({ volume, from }, totalTracks - doneTracks);
    });
    gauge("resilver_info", "Always 1; its labels tell of this program", ["system", "version"], (status, set) => {
      set({ system: status.system, version: status.version }, 1);
    });
    gauge("resilver_boots", "Starts of this system", ["system"], ({ system, boot }, set) => set({ system }, boot));
  }

  /** Bytes that went over the wire, in both directions. */
  #traffic<L extends string>(
    what: "pair" | "link",
    labelNames: readonly L[],
    fill: (status: StatusDocument, set: (labels: Record<L, string>, traffic: Traffic) => void) => void,
  ): void {
    const status = (): StatusDocument | undefined => this.status();
    const counter = new Counter<string>({
      name: `resilver_${what}_traffic_bytes_total`,
      help: `Bytes of frames over the wire, by ${what} and direction`,
      labelNames: [...labelNames, "direction"],
      registers: [],
      collect() {
        this.reset();
        const found = status();
        if (found === undefined) return;
        fill(found, (labels, { sentBytes, receivedBytes }) => {
          this.inc({ ...labels, direction: "sent" }, sentBytes);
          this.inc({ ...labels, direction: "received" }, receivedBytes);
        });
      },
    });
    this.#registry.registerMetric(counter);
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    fill: (status: StatusDocument, set: (labels: Record<L, string>, value: number) => void) => void,
  ): void {
    const status = (): StatusDocument | undefined => this.status();
    const gauge = new Gauge<L>({
      name,
      help,
      labelNames,
      registers: [],
      collect() {
        this.reset();
        const found = status();
        if (found !== undefined) fill(found, (labels, value) => this.set(labels, value));
      },
    });
    this.#registry.registerMetric(gauge);
  }
}
