import type { Condition } from "../condition.ts";
import { bound, type Code, type CodeWriter, unless } from "./code.ts";

/** A condition as somebody would write it. */
export function printCondition(writer: CodeWriter, condition: Condition): Code {
  return writer.say(condition, () => conditionInWords(writer, condition));
}

function conditionInWords(writer: CodeWriter, condition: Condition): Code {
  const { data } = bound(writer);
  switch (condition.kind) {
    case "progress": {
      const what = condition.of === "resync" ? condition.pair : condition.volume;
      return writer.call("progress", data(condition.of), data(what), data(condition.fraction));
    }
    case "engine-step": {
      const { system, name, nth, exact } = condition;
      const step = writer.call("step", data(system), data(name), ...unless(writer, nth, 1));
      return exact === true ? writer.call("exactly", step) : step;
    }
    case "written": {
      const { volume, nth, moment } = condition;
      return writer.call("written", data(volume), data(nth), ...unless(writer, moment, "acknowledged"));
    }
    case "disk-write":
      return writer.call("diskWrite", data(condition.disk), ...unless(writer, condition.nth, 1));
    case "down":
      return writer.call("down", data(condition.system));
    case "sent": {
      const { link, system, nth } = condition;
      return writer.call("sent", data(link), data(system), ...unless(writer, nth, 1));
    }
    case "status": {
      const { pair, status, at } = condition;
      return writer.call("status", data(pair), data(status), ...unless(writer, at, "both"));
    }
    case "connected":
      return writer.call("connected", data(condition.pair));
    case "restored":
      return writer.call("restored", data(condition.volume));
    case "image":
      return writer.call("image", data(condition.volume), ...unless(writer, condition.state, "fixed"));
    case "journal": {
      const { kind: _kind, volume, ...is } = condition;
      return writer.call("journal", data(volume), ...unless(writer, is, {}));
    }
  }
}
