import { expect, test } from "vitest";
import { CAPABILITY_NAMES, lackOf } from "./capability.ts";
import { targetOpenApi } from "./protocol.ts";

test("the OpenAPI document has every route and every schema that a vendor needs", () => {
  const document = targetOpenApi("1.2.3") as {
    readonly info: { readonly version: string };
    readonly paths: Readonly<Record<string, unknown>>;
    readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
  };
  expect(document.info.version).toBe("1.2.3");
  expect(Object.keys(document.paths)).toEqual(["/readyz", "/v1/status", "/v1/pairs/{pair}/pending", "/v1/commands"]);
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(["NodeConfig", "NodeStatus", "NodePair", "Command", "NodeTracks", "Refusal"]),
  );
});

test("what a target lacks is told by name", () => {
  const target = { name: "x", capabilities: new Set(["sync"] as const) };
  expect(lackOf(target, new Set(["sync"]))).toBe("");
  expect(lackOf(target, new Set(["sync", "image", "journal"]))).toBe("the target x cannot: image, journal");
  expect(new Set(CAPABILITY_NAMES).size).toBe(CAPABILITY_NAMES.length);
});
