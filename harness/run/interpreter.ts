import { NS_PER_MS } from "../../engine/ports/index.ts";
import type { Checker } from "../check/checker.ts";
import type { AnyFault } from "../fault/index.ts";
import { type AdminStep, describeAdminStep, isAdminStep } from "../plan/admin-step.ts";
import { describeCondition } from "../plan/condition.ts";
import { describeFound } from "./describe-found.ts";
import { isFileStep } from "../plan/file-step.ts";
import type { Plan } from "../plan/plan.ts";
import type { HostRequestStep, Step, WhenStep } from "../plan/step.ts";
import type { FileSystems } from "../files/file-system.ts";
import type { LoadedTrace } from "../trace/trace-source.ts";
import type { RunWorld } from "../world/run-world.ts";
import { waitedFor } from "./attendance.ts";
import type { ConditionWatch } from "./condition-watch.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import { FileSteps } from "./file-steps.ts";
import { type CommandOutcome, giveCommand } from "./give-command.ts";
import type { Host, HostOutcome } from "./host.ts";
import { type ImagePiece, readImage } from "./image-reader.ts";
import type { Marks, VolumeMark } from "./marks.ts";
import { askUntilServed, giveUntilAnswered } from "./persistent.ts";
import { TraceReplay } from "./trace-replay.ts";
import { OperatorsWord } from "./operators-word.ts";
import { steadyState } from "./steady-state.ts";
import type { WaitingList } from "./waiting-list.ts";
import { runWorkload } from "./workload.ts";

export interface InterpreterParts {
  readonly plan: Plan;
  readonly world: RunWorld;
  readonly checker: Checker;
  readonly watch: ConditionWatch;
  readonly ledger: FaultLedger;
  readonly waiting: WaitingList;
  readonly marks: Marks;
  readonly host: (volume: string) => Host;
  readonly traces: ReadonlyMap<string, LoadedTrace>;
  /** For plans that deal with files. */
  readonly fileSystems: FileSystems | undefined;
  /** These moments got a name. */
  readonly onMark: (marks: readonly VolumeMark[]) => void;
  /** An image was read, this piece of it. */
  readonly onImagePiece: (piece: ImagePiece) => void;
  /** A fault was injected just now, with this label. */
  readonly onStruck: (fault: AnyFault, label: string | undefined) => void;
  /** A program answered a command with something that is no AdminError. */
  readonly onTargetFault: (system: string, error: unknown) => void;
  /** A takeover of this pair, given at `givenNs`, was carried out just now. What is returned is waited for. */
  readonly onTakeover: (pair: string, givenNs: number) => Promise<void> | undefined;
  /** A step did not go as a plan may expect. */
  readonly onUnexpected: (message: string) => void;
  /** A steady state was not there; no plan tolerates that. */
  readonly onUnsteady: (message: string) => void;
  /** Settles when the checker knows disks and systems as they are now; it does if there is nothing to wait for. */
  readonly look: () => Promise<void> | undefined;
}

/** Takes the steps of a plan in virtual time. */
export class Interpreter {
  readonly #parts: InterpreterParts;
  /** What the commands so far ask for. */
  readonly word = new OperatorsWord();
  /** Deals with the files of volumes. */
  readonly files: FileSteps;
  readonly #replays = new Map<string, TraceReplay>();
  readonly #workloads = new Map<string, number>();

  constructor(parts: InterpreterParts) {
    this.#parts = parts;
    this.files = new FileSteps({
      ...parts,
      give: (step) => this.give(step),
      onHostStep: (system, name) => parts.watch.step(system, name),
    });
  }

  /** The latest replay of a trace to the volume. */
  replayOf(volume: string): TraceReplay | undefined {
    return this.#replays.get(volume);
  }

  async sequence(steps: readonly Step[], path: string): Promise<void> {
    for (const [index, step] of steps.entries()) await this.#take(step, `${path}[${index}]`);
  }

  #take(step: Step, path: string): Promise<void> {
    const what = `${path} ${step.kind}`;
    switch (step.kind) {
      case "together":
        return this.#together(step.steps, `${path}.steps`);
      case "sequence":
        return this.sequence(step.steps, `${path}.steps`);
      case "repeat":
        return this.#repeat(step.times, step.steps, `${path}.steps`);
      case "after":
        return this.#after(step.delayMs, step.steps, `${path}.steps`);
      case "when":
        return this.#when(step, path);
      case "throughout":
        return this.#throughout(step, path);
      case "link-bytes":
        return this.#linkBytes(step, path);
      default:
        return this.#parts.waiting.during(what, this.#leaf(step, path), waitedFor(step, this.#parts.world));
    }
  }

  async #together(steps: readonly Step[], path: string): Promise<void> {
    const branches = steps.map((step, index) => ({ step, path: `${path}[${index}]` }));
    // Whoever waits for a moment waits before anybody brings it about.
    const waiting = branches.filter(({ step }) => step.kind === "when");
    const acting = branches.filter(({ step }) => step.kind !== "when");
    await Promise.all([...waiting, ...acting].map((branch) => this.#take(branch.step, branch.path)));
  }

  async #repeat(times: number, steps: readonly Step[], path: string): Promise<void> {
    for (let round = 0; round < times; round++) await this.sequence(steps, path);
  }

  async #after(delayMs: number, steps: readonly Step[], path: string): Promise<void> {
    await this.#parts.world.sleep(delayMs * NS_PER_MS);
    await this.sequence(steps, path);
  }

  async #when(step: WhenStep<Step>, path: string): Promise<void> {
    const { watch, waiting } = this.#parts;
    let taken = 0;
    const armed = new Promise<boolean>((resolve) => {
      watch.arm(step.condition, step.withinMs * NS_PER_MS, (isTrue) => {
        // Within the event itself: a promise would let the program go on before the fault strikes.
        if (isTrue) taken = this.#strike(step.steps);
        resolve(isTrue);
      });
    });
    const isTrue = await waiting.duringMoment(`${path} when ${describeCondition(step.condition)}`, armed);
    if (!isTrue) return;
    if (taken > 0) await this.#parts.world.settled();
    await this.sequence(step.steps.slice(taken), `${path}.steps`);
  }

  async #linkBytes(step: Extract<Step, { kind: "link-bytes" }>, path: string): Promise<void> {
    const { world, onUnexpected } = this.#parts;
    const link = world.link(step.link);
    const before = link.carriedBytes;
    await this.sequence(step.steps, `${path}.steps`);
    const bytes = link.carriedBytes - before;
    if (bytes > step.bytesMax) onUnexpected(`${path}: ${bytes} bytes over ${step.link}, at most ${step.bytesMax}`);
  }

  async #throughout({ condition, steps }: Extract<Step, { kind: "throughout" }>, path: string): Promise<void> {
    const { watch, world, onUnexpected } = this.#parts;
    const what = `not all the while: ${describeCondition(condition)}`;
    let broken = "";
    const look = (): void => {
      if (broken === "" && !watch.isTrue(condition))
        broken = `not so at ${world.nowNs() / NS_PER_MS} ms, and ${what}${describeFound(condition, world)}`;
    };
    look();
    const stop = watch.onStep(look);
    await this.sequence(steps, `${path}.steps`);
    stop();
    look();
    if (broken !== "") onUnexpected(`${path}: ${broken}`);
  }

  /** Injects and heals what stands at the head of `steps`; gives how many that was. */
  #strike(steps: readonly Step[]): number {
    const { ledger, onStruck } = this.#parts;
    for (const [index, step] of steps.entries()) {
      if (step.kind === "inject") {
        ledger.inject(step.fault, step.label);
        onStruck(step.fault, step.label);
      } else if (step.kind === "heal") ledger.heal(step.label);
      else return index;
    }
    return steps.length;
  }

  async #leaf(step: Step, path: string): Promise<void> {
    const { world, host, checker, onUnexpected } = this.#parts;
    switch (step.kind) {
      case "inject":
      case "heal":
        this.#strike([step]);
        await world.settled();
        checker.checkpoint();
        return;
      case "restart":
        await world.system(step.system).restart();
        checker.checkpoint();
        return;
      case "create":
      case "split":
      case "resync":
      case "takeover":
      case "failback":
      case "delete":
      case "backup":
      case "restore":
      case "rollback":
      case "recover":
      case "recover-group": {
        const refusal = await this.#adminUntilAnswered(step);
        if (refusal !== "") onUnexpected(`${path}: ${describeAdminStep(step)} was refused: ${refusal}`);
        return;
      }
      case "mark":
        await this.#parts.look();
        this.#parts.onMark(this.#parts.marks.set(step.label, step.volumes));
        return;
      case "read-image": {
        const outcome = await this.#ask(step.volume, () => readImage(world, step.volume, this.#parts.onImagePiece));
        this.#expectDone(outcome, `${path}: read-image of ${step.volume}`);
        return;
      }
      case "write-files":
      case "remove-files":
      case "mount":
      case "dismount":
      case "restore-files": {
        const refusal = await this.files.take(step);
        if (refusal !== "") onUnexpected(`${path}: ${step.kind} was refused: ${refusal}`);
        return;
      }
      case "wait":
        await this.#wait(step, path);
        return;
      case "steady": {
        const why = await steadyState(step, this.#parts);
        if (why !== "") this.#parts.onUnsteady(`${path}: no steady state: ${why}`);
        return;
      }
      case "workload":
        await runWorkload(host(step.volume), step, world.random(this.#workloadStream(step.volume)), () =>
          world.nowNs(),
        );
        return;
      case "trace":
        await this.#trace(step, path);
        return;
      case "fill": {
        const { sizeBytes } = host(step.volume);
        for (let at = 0; at < sizeBytes; at += step.chunkBytes) {
          const lengthBytes = Math.min(step.chunkBytes, sizeBytes - at);
          const ask = (): Promise<HostOutcome> => host(step.volume).writeStamped(at, lengthBytes, false);
          this.#expectDone(await this.#ask(step.volume, ask), `${path}: write of ${step.volume} at byte ${at}`);
        }
        return;
      }
      case "expect-refused":
        await this.#expectRefused(step.step, step.code, path);
        return;
      case "attempt":
        await this.#attempt(step.step, step.codes, path);
        return;
      case "write":
      case "read":
      case "flush":
      case "trim":
      case "write-zeroes": {
        const outcome = await this.#ask(step.volume, () => this.#hostRequest(step));
        this.#expectDone(outcome, `${path}: ${step.kind} of ${step.volume}`);
        return;
      }
      case "together":
      case "sequence":
      case "repeat":
      case "after":
      case "when":
      case "throughout":
      case "link-bytes":
        throw new Error(`a ${step.kind} step is no leaf`);
    }
  }

  #wait(step: Extract<Step, { kind: "wait" }>, path: string): Promise<void> {
    const { watch, world, waiting, onUnexpected } = this.#parts;
    const { condition, withinMs } = step;
    const what = describeCondition(condition);
    const armed = new Promise<void>((resolve) => {
      watch.arm(condition, withinMs * NS_PER_MS, (isTrue) => {
        if (!isTrue) onUnexpected(`${path}: waited ${withinMs} ms until ${what}${describeFound(condition, world)}`);
        resolve();
      });
    });
    return waiting.during(what, armed);
  }

  async #trace(step: Extract<Step, { kind: "trace" }>, path: string): Promise<void> {
    const { traces, host, onUnexpected } = this.#parts;
    const trace = traces.get(step.name);
    if (trace === undefined) throw new Error(`trace ${step.name} was not loaded ahead of the run`);
    const replay = this.#replays.get(step.volume) ?? new TraceReplay(step.name, () => this.#isInStep(step.volume));
    this.#replays.set(step.volume, replay);
    const end = await replay.run(host(step.volume), step, trace);
    if (end !== undefined && end.code !== "GONE") onUnexpected(`${path}: the trace ended early: ${end.why}`);
  }

  /** Everything that the host of `volume` was told is done is on the other side too. */
  #isInStep(volume: string): boolean {
    const { plan, world } = this.#parts;
    const remote = plan.topology.pairs.filter(({ link }) => link !== undefined);
    const pair = remote.find(({ primary, secondary }) => primary === volume || secondary === volume);
    if (pair === undefined) return false;
    for (const { serving } of world.systems) {
      const report = serving?.pairs().find((candidate) => candidate.pair === pair.name);
      if (report === undefined) continue;
      if (report.status !== "DUPLEX") return false;
      if (pair.mode === "async" && report.role === "primary" && report.pendingTracks > 0) return false;
    }
    return this.word.created.has(pair.name);
  }

  /** One request, repeated as far as the plan wants its hosts to be persistent. */
  #ask(volume: string, ask: () => Promise<HostOutcome>): Promise<HostOutcome> {
    const { plan, host } = this.#parts;
    return plan.mayRefuse === true ? askUntilServed(host(volume), ask) : ask();
  }

  #hostRequest(step: HostRequestStep): Promise<HostOutcome> {
    const { host } = this.#parts;
    switch (step.kind) {
      case "write":
        return host(step.volume).writeStamped(step.offsetBytes, step.lengthBytes, step.fua === true);
      case "read":
        return host(step.volume).read(step.offsetBytes, step.lengthBytes);
      case "flush":
        return host(step.volume).flush();
      case "trim":
        return host(step.volume).trim(step.offsetBytes, step.lengthBytes);
      case "write-zeroes":
        return host(step.volume).writeZeroes(step.offsetBytes, step.lengthBytes);
    }
  }

  /** A dead system answers nobody, and a bad disk may fail: anything else must succeed. */
  #expectDone(outcome: HostOutcome, what: string): void {
    const { ledger, onUnexpected } = this.#parts;
    if (outcome.code === "DONE" || outcome.code === "GONE") return;
    if (outcome.code !== "REFUSED" && ledger.anyDiskFault) return;
    onUnexpected(`${what} ended ${outcome.why}`);
  }

  async #expectRefused(step: Step, code: string, path: string): Promise<void> {
    const end = await this.#endOf(step);
    if (end.code !== code) this.#parts.onUnexpected(`${path}: ${end.what}, expected ${code}`);
  }

  async #attempt(step: Step, codes: readonly string[], path: string): Promise<void> {
    const end = await this.#endOf(step);
    if (end.code === "DONE" || codes.includes(end.code)) return;
    this.#parts.onUnexpected(`${path}: ${end.what}, expected done, or ${codes.join(", ")}`);
  }

  /** How a step ended that may be refused: with `DONE` or a code; and for people. */
  async #endOf(step: Step): Promise<{ readonly code: string; readonly what: string }> {
    if (isAdminStep(step) || isFileStep(step)) {
      const what = isAdminStep(step) ? describeAdminStep(step) : step.kind;
      const refusal = isAdminStep(step) ? await this.#admin(step) : await this.files.take(step);
      if (refusal === "") return { code: "DONE", what: `${what} was not refused` };
      return { code: refusal.slice(0, refusal.indexOf(":")), what: `${what} was refused by ${refusal}` };
    }
    const { code } = await this.#hostStep(step);
    return { code, what: `${step.kind} ended ${code}` };
  }

  #hostStep(step: Step): Promise<HostOutcome> {
    const { world, onImagePiece } = this.#parts;
    if (step.kind === "read-image") return readImage(world, step.volume, onImagePiece);
    if (!isHostRequest(step)) throw new Error(`a ${step.kind} step cannot be refused`);
    return this.#hostRequest(step);
  }

  async #adminUntilAnswered(step: AdminStep): Promise<string> {
    const { plan, world } = this.#parts;
    if (plan.mayRefuse !== true) return this.#admin(step);
    return (await this.word.hear(step, () => giveUntilAnswered(step, world, () => this.give(step)))).refusal;
  }

  async #admin(step: AdminStep): Promise<string> {
    return (await this.give(step)).refusal;
  }

  /** Gives a command, and takes note of it. */
  give(step: AdminStep): Promise<CommandOutcome> {
    return this.word.hear(step, () => giveCommand(step, this.#parts));
  }

  #workloadStream(volume: string): string {
    const count = this.#workloads.get(volume) ?? 0;
    this.#workloads.set(volume, count + 1);
    return `workload/${volume}/${count}`;
  }
}

function isHostRequest(step: Step): step is HostRequestStep {
  const kinds: readonly string[] = ["write", "read", "flush", "trim", "write-zeroes"];
  return kinds.includes(step.kind);
}
