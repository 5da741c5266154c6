import type { InstrumenterOptions } from "@stryker-mutator/instrumenter";

type Ignorer = InstrumenterOptions["ignorers"][number];

/** What is looked at of a place in the syntax tree. */
interface Place {
  readonly node: Node;
  readonly parentPath: Place | null;
}

interface Node {
  readonly type: string;
  readonly name?: string;
  readonly callee?: Node;
  readonly expression?: Node;
  readonly property?: Node;
  readonly value?: unknown;
  readonly body?: readonly Node[];
  readonly argument?: Node | null;
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
}

/**
 * Leaves out what no test can or should tell from the source as it is, with the reason. Whatever can change what the
 * engine does to data, states or frames stays.
 */
export const noBehaviour: Ignorer = {
  shouldIgnore: (path) => reason(path as unknown as Place),
};

function reason(place: Place): string | undefined {
  const { node } = place;
  const call = node.type === "ExpressionStatement" ? node.expression : node;
  if (call?.type === "CallExpression") {
    const { name, property } = call.callee ?? {};
    if (name === "assert")
      return "an assertion: made weaker it changes nothing in a correct engine, made stronger every test shows it";
    if (property?.name === "step") return "a line of the log: the engine does not read it";
  }
  if (node.type === "BlockStatement" && isNothing(node)) return "it does nothing already: an empty block is the same";
  if (isText(node)) return "a text for people";
  if (isString(node) && isContextOfError(place)) return "a text for people: what an error tells";
  return undefined;
}

/** `{ return undefined; }` */
function isNothing({ body = [] }: Node): boolean {
  const [only] = body;
  if (body.length !== 1 || only?.type !== "ReturnStatement") return false;
  const { argument } = only;
  return argument === null || (argument?.type === "Identifier" && argument.name === "undefined");
}

function isString({ type }: Node): boolean {
  return type === "StringLiteral" || type === "TemplateLiteral";
}

/** Names of states, steps, codes and fields are single words. */
function isText(node: Node): boolean {
  if (node.type === "StringLiteral") return String(node.value).includes(" ");
  return node.type === "TemplateLiteral" && (node.quasis ?? []).some(({ value }) => value.raw.includes(" "));
}

/** A member of the object that `new EngineError(code, {…})` is given. */
function isContextOfError({ parentPath: member }: Place): boolean {
  if (member?.node.type !== "ObjectProperty") return false;
  const call = member.parentPath?.parentPath?.node;
  return call?.type === "NewExpression" && call.callee?.name === "EngineError";
}
