import {
  type NodeConfig,
  type NodeStatus,
  type PairStatus,
  Refusal,
  readState,
  writeState,
} from "../template/node-server.ts";

export interface PrimaryEnd {
  /** What is known of the pair after a restart. */
  readonly entry: { readonly pair: string; readonly link: string };
  readonly isConnected: boolean;
  status(): Promise<PairStatus>;
}

export interface SecondaryEnd {
  /** What its primary said last. */
  readonly word: { readonly pair: string };
  readonly link: string;
  readonly isConnected: boolean;
  status(): PairStatus;
}

/** What a node finds of its pairs after a restart. */
export interface KeptEnds<P extends PrimaryEnd, S extends SecondaryEnd> {
  readonly primaries: readonly P["entry"][];
  readonly secondaries: readonly S["word"][];
}

/** The ends of pairs that a node has, by pair, and the file that keeps them. */
export class PairEnds<P extends PrimaryEnd, S extends SecondaryEnd> {
  readonly primaries = new Map<string, P>();
  readonly secondaries = new Map<string, S>();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  kept(): KeptEnds<P, S> {
    return readState<KeptEnds<P, S>>(this.#file, { primaries: [], secondaries: [] });
  }

  /** Durably. */
  save(): void {
    const primaries = [...this.primaries.values()].map(({ entry }) => entry);
    const secondaries = [...this.secondaries.values()].map(({ word }) => word);
    writeState(this.#file, { primaries, secondaries } satisfies KeptEnds<P, S>);
  }

  /** The end that commands are given at. @throws Refusal */
  primary(pair: string): P {
    const primary = this.primaries.get(pair);
    if (primary !== undefined) return primary;
    if (this.secondaries.has(pair)) throw new Refusal(409, "NOT_PRIMARY", "give it at the primary");
    throw new Refusal(404, "PAIR_UNKNOWN", `there is no pair ${pair}`);
  }

  async status({ links }: Pick<NodeConfig, "links">): Promise<NodeStatus> {
    const primaries = [...this.primaries.values()];
    const secondaries = [...this.secondaries.values()];
    const ups = new Set([
      ...primaries.filter(({ isConnected }) => isConnected).map(({ entry }) => entry.link),
      ...secondaries.filter(({ isConnected }) => isConnected).map(({ link }) => link),
    ]);
    const pairs = [
      ...(await Promise.all(primaries.map((primary) => primary.status()))),
      ...secondaries.map((secondary) => secondary.status()),
    ];
    return { pairs, links: links.map(({ name }) => ({ link: name, up: ups.has(name) })) };
  }
}
