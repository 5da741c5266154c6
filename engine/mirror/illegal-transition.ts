import { EngineError } from "../errors.ts";

/**
 * That the command does not go with the status of a mirror, remote or local.
 * @param expected the status that it needs, as the message says it
 */
export function illegalTransition(
  { entry }: { readonly entry: { readonly name: string; readonly status: string; readonly suspension: string } },
  command: string,
  expected: string,
): EngineError {
  const { name: pair, status, suspension } = entry;
  return new EngineError("ILLEGAL_TRANSITION", { pair, command, status, suspension, expected });
}
