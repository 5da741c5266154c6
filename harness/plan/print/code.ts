import * as DSL from "../index.ts";
import { isSameData } from "./same-data.ts";

/** Source text of an expression, and what it is. */
export interface Code {
  readonly text: string;
  readonly value: unknown;
}

const WIDTH = 100;
const IDENTIFIER = /^[A-Za-z_]\w*$/u;

/** Writes expressions of the scenario language, and remembers which of its words they need. */
export class CodeWriter {
  readonly #words = new Set<string>();

  get words(): readonly string[] {
    const key = (word: string): string => `${word.toLowerCase()} ${word}`;
    return [...this.#words].sort((one, other) => (key(one) < key(other) ? -1 : 1));
  }

  /** `value` as plain data, unless the words give just that. */
  say(value: unknown, inWords: () => Code): Code {
    const before = [...this.#words];
    const code = inWords();
    if (isSameData(code.value, value)) return code;
    this.#words.clear();
    for (const word of before) this.#words.add(word);
    return this.data(value);
  }

  /** A call of a function of the scenario language. */
  call(word: string, ...args: readonly Code[]): Code {
    this.#words.add(word);
    const value = called(
      word,
      args.map((arg) => arg.value),
    );
    return { text: around(`${word}(`, args.map(textOf), ")"), value };
  }

  /** Plain data; what is `undefined` in an object is left out. */
  data(value: unknown): Code {
    const plain = plainOf(value);
    return { text: this.#textOf(plain, ""), value: plain };
  }

  /** An object some of whose fields are calls. */
  object(fields: Readonly<Record<string, Code>>): Code {
    const entries = Object.entries(fields);
    return {
      text: around(
        "{ ",
        entries.map(([key, { text }]) => field(key, text)),
        " }",
      ),
      value: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
    };
  }

  list(items: readonly Code[]): Code {
    return { text: around("[", items.map(textOf), "]"), value: items.map(({ value }) => value) };
  }

  #textOf(value: unknown, key: string): string {
    if (typeof value === "number") return this.#numberOf(value, key);
    if (Array.isArray(value))
      return around(
        "[",
        value.map((item: unknown) => this.#textOf(item, "")),
        "]",
      );
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const fields = Object.entries(value);
    if (fields.length === 0) return "{}";
    return around(
      "{ ",
      fields.map(([name, part]) => field(name, this.#textOf(part, name))),
      " }",
    );
  }

  #numberOf(value: number, key: string): string {
    for (const [word, unit] of key.endsWith("Bytes") || key === "bytesMax" ? SIZES : [])
      if (value > 0 && value % unit === 0) {
        this.#words.add(word);
        return `${word}(${value / unit})`;
      }
    return value >= 10_000 ? String(value).replaceAll(/\B(?=(\d{3})+$)/gu, "_") : String(value);
  }
}

const SIZES = [
  ["MiB", 1024 * 1024],
  ["KiB", 1024],
] as const;

function plainOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function textOf({ text }: Code): string {
  return text;
}

function field(key: string, text: string): string {
  return `${IDENTIFIER.test(key) ? key : JSON.stringify(key)}: ${text}`;
}

/** On one line if there is room, or each part on a line of its own. */
export function around(open: string, parts: readonly string[], close: string): string {
  const flat = `${open}${parts.join(", ")}${close}`;
  if (parts.length === 0 || (flat.length <= WIDTH && !flat.includes("\n"))) return flat;
  const last = parts.at(-1) ?? "";
  const before = parts.slice(0, -1).map((part) => `${part}, `);
  // An object or a list at the end of a call needs no line of its own.
  if (open.endsWith("(") && /^[[{]\n/u.test(last) && !before.join("").includes("\n"))
    return `${open}${before.join("")}${last}${close}`;
  return `${open.trimEnd()}\n${parts.map((part) => `${indented(part)},\n`).join("")}${close.trimStart()}`;
}

export function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gmu, "  ");
}

/** Its `data` as a function of its own. */
export function bound(writer: CodeWriter): { readonly data: (value: unknown) => Code } {
  return { data: (value) => writer.data(value) };
}

/** Nothing where the word says it by itself. */
export function unless(writer: CodeWriter, value: unknown, usual: unknown): Code[] {
  return isSameData(value, usual) ? [] : [writer.data(value)];
}

/** What the function of that name gives. */
function called(word: string, args: readonly unknown[]): unknown {
  const found: unknown = Reflect.get(DSL, word);
  if (typeof found !== "function") throw new Error(`the scenario language has no word ${word}`);
  return Reflect.apply(found, undefined, args) as unknown;
}
