import type { FeedItem } from "./event-feed.ts";

/** Items as server-sent events. */
export function encodeItems(items: readonly FeedItem[]): string {
  return items.map(encodeItem).join("");
}

function encodeItem(item: FeedItem): string {
  switch (item.kind) {
    case "step":
      return `event: step\nid: ${item.step.n}\ndata: ${JSON.stringify(item.step)}\n\n`;
    case "status":
      return `event: status\ndata: ${JSON.stringify(item.status)}\n\n`;
    case "lagged":
      return `event: lagged\ndata: ${JSON.stringify({ dropped: item.dropped })}\n\n`;
  }
}

/** Said when there is nothing to say, so that a listener that has gone is noticed. */
export const ALIVE = ": alive\n\n";

/** One event as it came: its name, `message` without, and its data. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

const EVENT_CHARS_MAX = 4 * 1024 * 1024;

/** Takes the text of a stream in any pieces. */
export class SseParser {
  #rest = "";

  /** @throws Error when an event is larger than can be */
  push(text: string): readonly SseEvent[] {
    this.#rest += text;
    const blocks = this.#rest.split("\n\n");
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > EVENT_CHARS_MAX) throw new Error(`an event of more than ${EVENT_CHARS_MAX} characters`);
    return blocks.flatMap(parseBlock);
  }
}

function parseBlock(block: string): readonly SseEvent[] {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice("event: ".length);
    else if (line.startsWith("data: ")) data.push(line.slice("data: ".length));
  }
  return data.length === 0 ? [] : [{ event, data: data.join("\n") }];
}
