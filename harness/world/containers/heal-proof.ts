import { ContainerError } from "./container-error.ts";
import type { Machine } from "./machine/machine.ts";
import type { ContainerRuntime } from "./runtime/container-runtime.ts";
import type { ToxiproxyApi } from "./toxiproxy/toxiproxy-api.ts";

/** What a healed world may consist of. */
export interface HealedWorld {
  readonly runtime: ContainerRuntime;
  readonly toxiproxy: ToxiproxyApi;
  readonly machines: readonly Machine[];
  /** Full names of the containers, networks and volumes that stay for the next scenario. */
  readonly stays: ReadonlySet<string>;
}

/**
 * Looks at the container engine, at Toxiproxy and into the machines, and believes nothing of what the harness noted:
 * every toxic, disabled proxy, paused or ended container, and every container, process and file that should not be there
 * any more.
 */
export async function unhealed({ runtime, toxiproxy, machines, stays }: HealedWorld): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { kind, name, state } of await runtime.leftovers()) {
    if (!stays.has(name)) found.push(`${kind} ${name} is left`);
    else if (kind === "container" && state !== "running") found.push(`container ${name} is ${state}`);
  }
  for (const { name, enabled, toxics } of await toxiproxy.proxies()) {
    if (!enabled) found.push(`proxy ${name} is disabled`);
    for (const toxic of toxics) found.push(`proxy ${name} has the toxic ${toxic.name} (${toxic.type})`);
  }
  for (const machine of machines) {
    for (const what of await machine.left()) found.push(`${what} is left in ${machine.name}`);
  }
  return found;
}

/** @throws ContainerError NOT_HEALED */
export async function proveHealed(world: HealedWorld): Promise<void> {
  const found = await unhealed(world);
  if (found.length === 0) return;
  throw new ContainerError("NOT_HEALED", {
    place: `run ${world.runtime.runId}`,
    found: found.join("; "),
    expected: "every fault healed",
    remedy: "a fault that the harness believes healed is still there: report this",
  });
}
