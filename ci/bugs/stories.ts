import { chance, type Random } from "../../engine/ports/index.ts";
import { between, pick } from "../../harness/hunt/chaos-draw.ts";
import type { Cast } from "../../harness/hunt/swarm-cast.ts";
import { markable } from "../../harness/hunt/swarm-commands.ts";
import type { Labels } from "../../harness/hunt/swarm-strikes.ts";
import {
  after,
  attempt,
  backup,
  crash,
  create,
  cut,
  deletePair,
  eio,
  failback,
  heal,
  labelled,
  mark,
  ms,
  readImage,
  recover,
  recoverGroup,
  restart,
  restore,
  resync,
  rollback,
  sequence,
  split,
  takeover,
} from "../../harness/plan/index.ts";
import type { Step } from "../../harness/plan/step.ts";

/** Any refusal is fine by the plan; this one is only named because a step must name one. */
const REFUSAL = "REFUSED";
const DELAY_MS_MAX = [3, 10, 30, 60] as const;

/**
 * Commands that only mean something after each other: what is restored was backed up before. One story of those that the
 * cast can play, its commands some milliseconds apart; none if it can play none.
 */
export function drawStory(random: Random, cast: Cast, labels: Labels): Step | undefined {
  const stories = storiesOf(cast);
  if (stories.length === 0) return undefined;
  const delayMsMax = pick(random, DELAY_MS_MAX);
  const commands = pick(random, stories)(random, labels);
  return sequence(...commands.map((command) => after(ms(between(random, 0, delayMsMax)), tried(command))));
}

type Story = (random: Random, labels: Labels) => readonly Step[];

function storiesOf({ remotes, locals, imaged, journaled, grouped, ...cast }: Cast): readonly Story[] {
  const failing: Story = (random, labels) => {
    const label = labels();
    const { name, volumes } = pick(random, cast.topology.systems);
    const disk = chance(random, 0.5) ? `${name}/meta` : pick(random, volumes).name;
    const trigger = { nth: between(random, 1, 4), count: between(random, 1, 8) };
    return [labelled(label, eio(disk, ["write"], trigger)), heal(label), crash(name, "power"), restart(name)];
  };
  const marked = markable({ remotes, locals, imaged, journaled, grouped, ...cast });
  const stories: Story[] = [failing, failing];
  for (const { name, link = "", primary, secondary } of remotes) {
    const images = imaged
      .filter((volume) => volume === primary || volume === secondary)
      .map((volume) => readImage(volume));
    const parted: Story = (random) => [
      chance(random, 0.5) ? split(name) : split(name, { secondary: "read-write" }),
      ...images,
      ...images,
      resync(
        name,
        ...(chance(random, 0.3) ? ([{ direction: pick(random, ["forward", "reverse"] as const) }] as const) : []),
      ),
      ...images,
    ];
    const lost: Story = (random, labels) => {
      const label = labels();
      const taken = chance(random, 0.6) ? [takeover(name), ...images] : images;
      return [labelled(label, cut(link)), ...taken, heal(label), ...images, resync(name, { direction: "reverse" })];
    };
    const broken: Story = (random, labels) => {
      const label = labels();
      const direction = pick(random, ["forward", "reverse"] as const);
      const apart = split(name, { secondary: "read-write" });
      return [apart, resync(name, { direction }), labelled(label, cut(link)), ...images, heal(label)];
    };
    stories.push(parted, parted, lost, lost, broken, () => [failback(name), failback(name)]);
    for (const volume of imaged)
      stories.push(() => [split(name, { secondary: "read-write" }), rollback(volume), resync(name)]);
    stories.push(() => [split(name), deletePair(name), create(name)]);
  }
  if (locals.length > 1) stories.push(() => [backup({ mirrors: locals.map(({ name }) => name) })]);
  for (const { name } of locals)
    stories.push(
      () => [backup({ mirrors: [name] }), restore(name), resync(name)],
      () => [backup({ mirrors: [name] }), resync(name), backup({ mirrors: [name] }), restore(name, { scope: "all" })],
      () => [split(name), deletePair(name), create(name), backup({ mirrors: [name] })],
    );
  for (const volume of journaled)
    stories.push(
      () => [mark("m2", marked), recover(volume, { to: "m2" })],
      () => [mark("m2", marked), recover(volume, { to: "m2", method: "swap" }), recover(volume, { to: "m2" })],
      () => [recover(volume, { to: "m1" }), mark("m2", marked), recover(volume, { to: "m2", by: "time" })],
      () => {
        const swapped = [mark("m2", marked), recover(volume, { to: "m2", method: "swap" })];
        return [...swapped, ...swapped, mark("m2", marked), recover(volume, { to: "m2" })];
      },
    );
  for (const volume of grouped)
    stories.push(
      () => [mark("m2", marked), recoverGroup(volume, { to: "m2" })],
      () => [recoverGroup(volume, { to: "m1" })],
    );
  return stories;
}

const NO_COMMANDS: ReadonlySet<Step["kind"]> = new Set(["mark", "inject", "heal", "restart"]);

/** Whether it is refused or not; what is no command is done. */
function tried(step: Step): Step {
  return NO_COMMANDS.has(step.kind) ? step : attempt(step, REFUSAL);
}
