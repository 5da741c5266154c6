import type Dockerode from "dockerode";
import { isNotFound } from "./running-container.ts";
import { within } from "./within.ts";

const CALL_MS_MAX = 20_000;

/** A thing on the container engine that a run made. */
export interface Leftover {
  readonly kind: "container" | "network" | "volume";
  readonly id: string;
  readonly name: string;
  /** Of a container: `running`, `paused`, `exited`, …; "" for others. */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Everything that has the label. @param label `name` or `name=value` */
export async function leftoversOf(docker: Dockerode, label: string): Promise<readonly Leftover[]> {
  const filters = { label: [label] };
  const [containers, networks, { Volumes: volumes }] = await within(
    "list of what runs left",
    CALL_MS_MAX,
    (abortSignal) =>
      Promise.all([
        docker.listContainers({ all: true, filters, abortSignal }),
        docker.listNetworks({ filters, abortSignal }),
        docker.listVolumes({ filters: JSON.stringify(filters), abortSignal }),
      ]),
  );
  return [
    ...containers.map(
      ({ Id, Names, State, Labels }): Leftover => ({
        kind: "container",
        id: Id,
        name: (Names[0] ?? Id).replace(/^\//, ""),
        state: State,
        labels: Labels,
      }),
    ),
    ...networks.map(
      ({ Id, Name, Labels }): Leftover => ({
        kind: "network",
        id: Id,
        name: Name,
        state: "",
        labels: Labels ?? {},
      }),
    ),
    ...volumes.map(
      ({ Name, Labels }): Leftover => ({
        kind: "volume",
        id: Name,
        name: Name,
        state: "",
        labels: Labels,
      }),
    ),
  ];
}

/** Removes them: containers first, because they hold the others. What is gone already is no error. */
export async function removeLeftovers(docker: Dockerode, leftovers: readonly Leftover[]): Promise<void> {
  const remove = (kind: Leftover["kind"], call: (id: string, abortSignal: AbortSignal) => Promise<unknown>) =>
    Promise.all(
      leftovers
        .filter((leftover) => leftover.kind === kind)
        .map(({ id, name }) =>
          within(`removal of ${kind} ${name}`, CALL_MS_MAX, (signal) => call(id, signal)).catch((error: unknown) => {
            if (!isNotFound(error)) throw error;
          }),
        ),
    );
  await remove("container", (id, abortSignal) => docker.getContainer(id).remove({ force: true, v: true, abortSignal }));
  await Promise.all([
    remove("network", (id, abortSignal) => docker.getNetwork(id).remove({ abortSignal })),
    remove("volume", (id, abortSignal) => docker.getVolume(id).remove({ abortSignal })),
  ]);
}
