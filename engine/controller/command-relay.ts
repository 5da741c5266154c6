import { EngineError } from "../errors.ts";
import { handled } from "../handled.ts";
import type { Connection } from "../mirror/connection.ts";
import type { Runtime } from "../runtime.ts";
import { CodecError } from "../wire/byte-codec.ts";
import type { Frame } from "../wire/frame.ts";
import { type Command, decodeCommand, encodeCommand, subjectOf } from "./command.ts";
import { decodeResult, encodeResult } from "./command-result.ts";

/** Commands of other systems that are being carried out at once. */
const SERVED_MAX = 64;
/** What a system says of something that it does not have. */
const UNKNOWN: ReadonlySet<string> = new Set(["PAIR_UNKNOWN", "VOLUME_UNKNOWN", "JOURNAL_UNKNOWN", "GROUP_UNKNOWN"]);

interface Asked {
  readonly connection: Connection;
  readonly command: Command;
  readonly answer: (error: EngineError | undefined) => void;
}

/** Commands that one system has another carry out (BR-12). The other end never passes them on. */
export class CommandRelay {
  readonly #runtime: Runtime;
  readonly #carryOut: (command: Command) => Promise<void>;
  readonly #asked = new Map<number, Asked>();
  #asks = 0;
  #serving = 0;

  /** @param carryOut does here what the command says. @throws EngineError */
  constructor(runtime: Runtime, carryOut: (command: Command) => Promise<void>) {
    this.#runtime = runtime;
    this.#carryOut = carryOut;
  }

  /** Has the other end do it. @throws EngineError: its refusal, LINK_DOWN, UNANSWERED */
  async ask(connection: Connection | undefined, command: Command): Promise<void> {
    if (connection === undefined || connection.session.ended)
      throw new EngineError("LINK_DOWN", { pair: subjectOf(command), command: command.kind });
    await this.send(connection, command, (number) => {
      connection.session.send("command", { payload: encodeCommand(number, command) });
    });
  }

  /**
   * Sends something that the other end answers with a `result` frame of the same number.
   * @throws EngineError: its refusal; UNANSWERED if the session ends before
   */
  async send(connection: Connection, command: Command, dispatch: (number: number) => void): Promise<void> {
    const number = this.#asks++;
    const error = await new Promise<EngineError | undefined>((resolve) => {
      this.#asked.set(number, { connection, command, answer: resolve });
      dispatch(number);
    });
    if (error !== undefined) throw error;
  }

  /** Asks one after the other until one has what the command names. @throws EngineError: its refusal; `unknown` if none has */
  async passOn(connections: readonly Connection[], command: Command, unknown: EngineError): Promise<void> {
    for (const connection of connections) {
      if (connection.session.ended) continue;
      try {
        this.#runtime.log.step("command.passed", { kind: command.kind, about: subjectOf(command) });
        return await this.ask(connection, command);
      } catch (error) {
        if (!UNKNOWN.has(handled(error, EngineError).code)) throw error;
      }
    }
    throw unknown;
  }

  /** The session is over: what was asked in it stays unanswered. */
  onDown(connection: Connection): void {
    for (const [number, asked] of this.#asked) {
      if (asked.connection !== connection) continue;
      this.#asked.delete(number);
      const { command } = asked;
      asked.answer(new EngineError("UNANSWERED", { pair: subjectOf(command), command: command.kind }));
    }
  }

  /** @throws CodecError */
  onCommand(connection: Connection, frame: Frame): void {
    const { number, command } = decodeCommand(frame.payload);
    this.#runtime.tasks.spawn(this.#serve(connection, number, command));
  }

  async #serve(connection: Connection, number: number, command: Command): Promise<void> {
    if (this.#serving >= SERVED_MAX) {
      const busy = new EngineError("BUSY", { volume: subjectOf(command), waiting: this.#serving });
      return this.answer(connection, number, busy);
    }
    this.#serving++;
    try {
      await this.#carryOut(command);
      this.answer(connection, number, undefined);
    } catch (error) {
      this.answer(connection, number, handled(error, EngineError));
    } finally {
      this.#serving--;
    }
  }

  /** Tells the other end what became of what it asked for. */
  answer(connection: Connection, number: number, error: EngineError | undefined): void {
    if (!connection.session.ended) connection.session.send("result", { payload: encodeResult({ number, error }) });
  }

  /** @throws CodecError if it was not asked over this connection: nobody answers for another */
  onResult(connection: Connection, frame: Frame): void {
    const { number, error } = decodeResult(frame.payload);
    const asked = this.#asked.get(number);
    if (asked?.connection !== connection) throw new CodecError(`result of command ${number}, which was not asked`);
    this.#asked.delete(number);
    asked.answer(error);
  }
}
