import { hostPump } from "../host-pump.ts";
import { Process } from "../process.ts";
import { SimRandom } from "../sim-random.ts";
import { type Simulation, simulation } from "../simulation.fixture.ts";
import type { NetworkOptions } from "./tcp/network-options.ts";
import type { SimEndpoint } from "./tcp/sim-endpoint.ts";
import { SimNetwork } from "./sim-network.ts";

const NS_PER_MS = 1_000_000;

/** A network with two programs on two hosts, for tests of this folder. */
export interface NetworkFixture extends Simulation {
  readonly network: SimNetwork;
  readonly a: { readonly process: Process; readonly endpoint: SimEndpoint };
  readonly b: { readonly process: Process; readonly endpoint: SimEndpoint };
  readonly nowMs: number;
  start(name: string): { readonly process: Process; readonly endpoint: SimEndpoint };
  sleep(delayMs: number): Promise<void>;
  /** Runs `body` on virtual time; rejects if it throws, or if nothing is left to happen before it ends. */
  runBody(body: () => Promise<void>): Promise<void>;
}

export function networkFixture(options: Partial<NetworkOptions> = {}, seed = "seed"): NetworkFixture {
  const sim = simulation({ eventsMax: 3_000_000 });
  const { scheduler } = sim;
  const network = new SimNetwork(scheduler, new SimRandom(seed), options);
  const start: NetworkFixture["start"] = (name) => {
    const process = new Process(scheduler, name);
    return { process, endpoint: network.endpoint(process, name) };
  };
  const sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      sim.at(delayMs * NS_PER_MS, 0, resolve);
    });
  const runBody = async (body: () => Promise<void>): Promise<void> => {
    let outcome = "nothing is left to happen, but the test has not ended";
    sim.at(0, 0, () => {
      body().then(
        () => {
          outcome = "";
          scheduler.finish();
        },
        (error: unknown) => scheduler.fail(error),
      );
    });
    await sim.run(hostPump());
    if (outcome !== "") throw new Error(outcome);
  };
  return {
    ...sim,
    network,
    a: start("a"),
    b: start("b"),
    get nowMs() {
      return scheduler.nowNs / NS_PER_MS;
    },
    start,
    sleep,
    runBody,
  };
}
