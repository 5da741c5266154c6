import type { JSX } from "preact";
import { useState } from "preact/hooks";

/** A command to be pasted into a terminal. */
export function Command({ text }: { readonly text: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => setCopied(true));
  };
  return (
    <p class="command">
      <code>{text}</code>
      <button type="button" onClick={copy}>
        {isCopied ? "copied" : "copy"}
      </button>
    </p>
  );
}
