import { chance, type Random } from "../../engine/ports/index.ts";
import {
  after,
  attempt,
  backup,
  create,
  deletePair,
  failback,
  mark,
  ms,
  readImage,
  recover,
  recoverGroup,
  restore,
  resync,
  rollback,
  sequence,
  split,
  takeover,
} from "../plan/index.ts";
import type { Step } from "../plan/step.ts";
import { between, pick } from "./chaos-draw.ts";
import { momentIn } from "./swarm-moments.ts";
import type { Cast } from "./swarm-cast.ts";
import type { Swarm, Task } from "./swarm.ts";

/** Any refusal is fine by the plan; this one is only named because a step must name one. */
const REFUSAL = "REFUSED";
const COMMANDS_MAX = 4;

/** Everything that administrators may do in the plan, each as often as it is likely; empty if the tasks fit nothing. */
export function commandsOf(swarm: Swarm, cast: Cast): readonly Step[] {
  return swarm.tasks.flatMap((task) => commandsOfTask(task, cast));
}

/** Lanes of commands beside the load, one after the other or at moments of the programs. */
export function drawCommandLanes(random: Random, swarm: Swarm, cast: Cast): Step[] {
  const commands = commandsOf(swarm, cast);
  if (commands.length === 0) return [];
  return Array.from({ length: between(random.fork("lanes"), 0, swarm.lanesMax) }, (_, index): Step => {
    const own = random.fork(`lane/${index}`);
    const command = (): Step => given(own, pick(own, commands), swarm.patience);
    if (chance(own, 0.25)) return momentIn(own, swarm, cast, [command()]);
    const steps = Array.from({ length: between(own, 1, COMMANDS_MAX) }, () =>
      after(ms(between(own, 0, 60)), command()),
    );
    return sequence(...steps);
  });
}

/** Given until it is answered, or once. */
function given(random: Random, command: Step, patience: number): Step {
  if (command.kind === "mark" || chance(random, patience)) return command;
  return attempt(command, REFUSAL);
}

function commandsOfTask(task: Task, cast: Cast): Step[] {
  const { remotes, locals, imaged, journaled, grouped } = cast;
  const marked = markable(cast);
  switch (task) {
    case "split":
      return [...atEnds(cast, (pair, at) => split(pair, at)), ...locals.map(({ name }) => split(name))];
    case "split-writable":
      return atEnds(cast, (pair, at) => split(pair, { ...at, secondary: "read-write" }));
    case "resync":
      return [...atEnds(cast, (pair, at) => resync(pair, at)), ...locals.map(({ name }) => resync(name))];
    case "direction":
      return remotes.flatMap(({ name }) => [
        resync(name, { direction: "forward" }),
        resync(name, { direction: "reverse" }),
      ]);
    case "failback":
      return atEnds(cast, (pair, at) => failback(pair, at));
    case "takeover":
      return remotes.map(({ name }) => takeover(name));
    case "delete":
      // The last one stays: of a pair of which nobody knows whether it was deleted no convergence can be asked.
      return [...remotes, ...locals].slice(0, -1).flatMap(({ name }) => [deletePair(name), create(name)]);
    case "backup": {
      if (locals.length === 0) return [];
      const names = locals.map(({ name }) => name);
      return [...names.map((name) => backup({ mirrors: [name] })), ...backupOfAll(cast)];
    }
    case "restore":
      return locals.flatMap(({ name }) => [
        // Nothing can be restored from what was not split.
        backup({ mirrors: [name] }),
        restore(name),
        restore(name, { scope: "all" }),
        resync(name),
      ]);
    case "rollback":
      return imaged.map((volume) => rollback(volume));
    case "read-image":
      return imaged.map((volume) => readImage(volume));
    case "recover":
      if (journaled.length === 0) return [];
      return [
        mark("m2", marked),
        ...journaled.flatMap((volume) => [
          recover(volume, { to: "m1" }),
          recover(volume, { to: "m2" }),
          recover(volume, { to: "m2", by: "time" }),
        ]),
      ];
    case "swap":
      return journaled.map((volume) => recover(volume, { to: "m2", method: "swap" }));
    case "recover-group":
      return grouped.flatMap((volume) => [
        mark("m2", marked),
        recoverGroup(volume, { to: "m1" }),
        recoverGroup(volume, { to: "m2" }),
        recoverGroup(volume, { to: "m2", by: "time" }),
        recoverGroup(volume, { to: "m2", method: "swap" }),
      ]);
  }
}

/** The volumes whose moments get names: all that hosts know, so that a moment is one of a group. */
export function markable({ primaries, secondaries }: Cast): readonly string[] {
  return [...primaries, ...secondaries];
}

/** Local mirrors of one system, split together. */
function backupOfAll({ topology, locals }: Cast): Step[] {
  return topology.systems.flatMap(({ volumes }) => {
    const mine = locals.filter(({ secondary }) => volumes.some(({ name }) => name === secondary));
    return mine.length > 1 ? [backup({ mirrors: mine.map(({ name }) => name) })] : [];
  });
}

/** The command where it belongs, and given at either end (BR-12). */
function atEnds({ topology, remotes }: Cast, command: (pair: string, at: { readonly at?: string }) => Step): Step[] {
  return remotes.flatMap(({ name, link }) => {
    const ends = topology.links.find((one) => one.name === link)?.between ?? [];
    return [command(name, {}), ...ends.map((at) => command(name, { at }))];
  });
}
