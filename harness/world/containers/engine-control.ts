import { ControlClient, ControlError, RefusedError } from "../../../engine/node/control/client.ts";
import type { OperatorCommand } from "../../../engine/node/control/command-schema.ts";
import type { StatusDocument } from "../../../engine/node/control/status-schema.ts";
import type { NodeStatus, NodeTracks } from "../../target/node-status.ts";
import { NodeSilent } from "../../target/outside-target.ts";
import { type AdminCommand, AdminError, type PairReport } from "../../target/target.ts";
import type { RemoteControl, RemoteEvent } from "./remote-control.ts";

/** For anything but a command. A system that was just paused answers nothing. */
const ANSWER_MS_MAX = 3000;

/** The engine of this project, by its control API. */
export class EngineControl implements RemoteControl {
  readonly #client: ControlClient;

  constructor(url: string, token: string) {
    this.#client = new ControlClient({ url, token, timeoutMs: ANSWER_MS_MAX });
  }

  async status(): Promise<NodeStatus> {
    return wordOf(await answered(this.#client.status()));
  }

  async execute(command: AdminCommand): Promise<void> {
    try {
      await answered(this.#client.execute(operatorsCommand(command)));
    } catch (error) {
      if (error instanceof RefusedError) throw new AdminError(error.code, error.message);
      throw error;
    }
  }

  async pending(pair: string): Promise<NodeTracks | undefined> {
    try {
      return await answered(this.#client.pending(pair));
    } catch (error) {
      // The pair is gone.
      if (error instanceof RefusedError) return undefined;
      throw error;
    }
  }

  async *events(signal: AbortSignal): AsyncIterable<RemoteEvent> {
    // Also what it did before it served: a restore that goes on is told of then.
    for await (const item of this.#client.events({ signal, after: -1 })) {
      if (item.kind === "step") yield item;
      else if (item.kind === "status") yield { kind: "status", status: wordOf(item.status) };
    }
  }

  async tables(): Promise<unknown> {
    const status = await answered(this.#client.status());
    const pending = await Promise.all(
      status.pairs.map(async ({ pair }) => ({ pair, ...(await this.#client.pending(pair)) })),
    );
    return { status, pending, metrics: (await this.#client.metrics()).split("\n") };
  }
}

/** What is left out in JSON is left out here, too. */
function wordOf(status: StatusDocument): NodeStatus {
  return { ...status, pairs: status.pairs as readonly PairReport[] };
}

function answered<T>(request: Promise<T>): Promise<T> {
  return request.catch((error: unknown) => {
    if (!(error instanceof ControlError)) throw error;
    throw new NodeSilent(error.message, error.code === "UNREACHABLE", { cause: error });
  });
}

/** As an operator gives it: which volumes are of a group, the engine knows by itself. */
function operatorsCommand(command: AdminCommand): OperatorCommand {
  if (command.kind !== "recover-group") return command;
  const { kind, group, to, method } = command;
  return { kind, group, to, method };
}
