import fc from "fast-check";
import { expect, test } from "vitest";
import { create } from "xmlbuilder2";
import type { RunRecord } from "../harness/history/run-record.ts";
import { junitXml } from "./junit.ts";
import { runRecord, runRecords } from "./run-records.fixture.ts";

const options = { replayCommand: (token: string) => `resilver replay ${token}` };

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  readonly text: string;
}

/** What a consumer's parser sees. */
function parse(xml: string): Element {
  const visit = (node: ReturnType<typeof create>["node"]): Element => {
    const element = node as unknown as {
      readonly nodeName: string;
      readonly textContent: string;
      readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
      readonly childNodes: Iterable<ReturnType<typeof create>["node"]>;
    };
    return {
      name: element.nodeName,
      attributes: new Map([...element.attributes].map(({ name, value }) => [name, value])),
      children: [...element.childNodes].filter((child) => child.nodeType === 1).map(visit),
      text: element.textContent,
    };
  };
  return visit(create(xml).root().node);
}

function casesOf(xml: string): Element[] {
  return parse(xml).children.flatMap((suite) => suite.children);
}

test("one scenario on two targets is two tests, each with a history of its own", () => {
  const run: RunRecord = { ...runRecord({ world: "containers" }), seed: 1 };
  const cases = casesOf(junitXml([run, { ...run, target: "qemu" }], options));
  const names = cases.map(({ attributes }) => attributes.get("classname")?.split(".").slice(0, 2).join("."));
  expect(names[0]).toMatch(/^containers\.(?!qemu)/);
  expect(names[1]).toBe("containers.qemu");
});

test("every run is one case with a unique classname and name, whatever the text", () => {
  fc.assert(
    fc.property(runRecords, (runs) => {
      const xml = junitXml(runs, options);
      // XML 1.0 has no place for these, escaped or not.
      expect(xml).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
      const cases = casesOf(xml);
      expect(cases.length).toBe(runs.length);
      const names = cases.map(({ attributes }) => `${attributes.get("classname")}\n${attributes.get("name")}`);
      expect(new Set(names).size).toBe(runs.length);
      expect(junitXml(runs, options)).toBe(xml);
    }),
    { seed: 20261121, numRuns: 200 },
  );
});

test("the counts of a suite are those of its cases", () => {
  fc.assert(
    fc.property(runRecords, (runs) => {
      const root = parse(junitXml(runs, options));
      for (const element of [root, ...root.children]) {
        const cases = element === root ? root.children.flatMap((suite) => suite.children) : element.children;
        const count = (name: string): string =>
          String(cases.filter((testCase) => testCase.children.some((child) => child.name === name)).length);
        expect(element.attributes.get("tests")).toBe(String(cases.length));
        expect(element.attributes.get("failures")).toBe(count("failure"));
        expect(element.attributes.get("errors")).toBe(count("error"));
        if (element !== root) expect(element.attributes.get("skipped")).toBe(count("skipped"));
      }
    }),
    { seed: 20261122, numRuns: 100 },
  );
});

test.each([
  ["PASS", undefined],
  ["FAIL", "failure"],
  ["ERROR", "error"],
  ["UNKNOWN", "error"],
  ["SKIPPED", "skipped"],
  ["NOT_APPLICABLE", "skipped"],
  ["WAIVED", "skipped"],
] as const)("%s becomes %s", (verdict, expected) => {
  const [only] = casesOf(junitXml([runRecord({ verdict })], options));
  const outcome = only?.children.map(({ name }) => name).filter((name) => name !== "system-out");
  expect(outcome).toEqual(expected === undefined ? [] : [expected]);
});

test("a vacuous run says which fault had no effect", () => {
  const faults = [{ kind: "eio", on: "b/svol", injected: 1, effective: 0 }];
  const [only] = casesOf(junitXml([runRecord({ verdict: "UNKNOWN", vacuous: true, faults })], options));
  const error = only?.children.find(({ name }) => name === "error");
  expect(error?.attributes.get("message")).toBe("no effect was seen of eio on b/svol");
});

test("a failure says first how to repeat it, then what broke and what is to blame", () => {
  const [only] = casesOf(junitXml([failing("3 sectors differ")], options));
  const failure = only?.children.find(({ name }) => name === "failure");
  expect(failure?.attributes.get("type")).toBe("C");
  expect(failure?.attributes.get("message")).toBe("invariant C at 1.500 ms: 3 sectors differ");
  const lines = failure?.text.split("\n") ?? [];
  expect(lines[0]).toBe("replay with: resilver replay dG9rZW4");
  expect(lines.at(-1)).toContain("lost-write on b/svol");
});

test("a name keeps its form from seed to seed, unless one scenario ran with several", () => {
  const name = (runs: RunRecord[]): (string | undefined)[] =>
    casesOf(junitXml(runs, options)).map(({ attributes }) => attributes.get("name"));
  const { scenario } = runRecord();
  expect(name([runRecord({ seed: 1 })])).toEqual([scenario]);
  expect(name([runRecord({ seed: 1 }), runRecord({ seed: 2 })])).toEqual([
    `${scenario} (seed 1)`,
    `${scenario} (seed 2)`,
  ]);
});

test("many long failures stay below the 30 MB that GitLab takes", () => {
  const runs = Array.from({ length: 400 }, (_, index) => ({ ...failing("&\u0001".repeat(200_000)), seed: index }));
  const xml = junitXml(runs, options);
  expect(new TextEncoder().encode(xml).length).toBeLessThan(30_000_000);
  expect(casesOf(xml).length).toBe(400);
});

/**
 * What `junit-10.xsd` of Jenkins's xunit plugin permits, by element: its attributes, with ! those that it requires, and its children.
 * The plugin refuses a file with anything else. Text is permitted where there are no children to be.
 */
const XUNIT_SCHEMA: Readonly<Record<string, readonly [attributes: string, children: string]>> = {
  testsuites: ["name time tests failures errors", "testsuite"],
  testsuite: [
    "name! tests! failures! errors! group time skipped timestamp hostname id package file log url",
    "testsuite properties testcase system-out system-err",
  ],
  testcase: ["name! time classname group", "skipped error failure system-out system-err"],
  skipped: ["type message", ""],
  error: ["type message", ""],
  failure: ["type message", ""],
  "system-out": ["", ""],
};
const SUREFIRE_TIME = /^(?:(?:\d{0,3},)*\d{3}|\d{0,3})*(?:\.\d*)?$/u;

function violationsOf({ name, attributes, children }: Element): string[] {
  const [permitted, inside] = XUNIT_SCHEMA[name] ?? [];
  if (permitted === undefined || inside === undefined) return [`no element ${name}`];
  const words = permitted.split(" ");
  const known = words.map((word) => word.replace("!", ""));
  const time = attributes.get("time") ?? "";
  return [
    ...[...attributes.keys()].filter((attribute) => !known.includes(attribute)).map((one) => `${name} has ${one}`),
    ...words
      .filter((word) => word.endsWith("!") && !attributes.has(word.slice(0, -1)))
      .map((word) => `${name} lacks ${word}`),
    ...children.filter((child) => !inside.split(" ").includes(child.name)).map((child) => `${child.name} in ${name}`),
    ...(SUREFIRE_TIME.test(time) ? [] : [`${name}: time ${time}`]),
    ...children.flatMap(violationsOf),
  ];
}

test("Jenkins's xunit plugin finds nothing that its schema does not permit", () => {
  fc.assert(
    fc.property(runRecords, (runs) => {
      expect(violationsOf(parse(junitXml(runs, options)))).toEqual([]);
    }),
    { seed: 20261127, numRuns: 200 },
  );
  expect(violationsOf(parse("<testsuite name='a'><properties><x/></properties></testsuite>"))).toHaveLength(4);
});

test("GitLab shows suite, name, time and what failed of each case, and finds no two of one name", () => {
  const [first, second] = casesOf(junitXml([runRecord(), failing("3 sectors differ")], options));
  for (const testCase of [first, second]) {
    expect(testCase?.attributes.get("classname")).toMatch(/^sim\.\S/u);
    expect(testCase?.attributes.get("time")).toMatch(/^\d+\.\d{3}$/u);
  }
  expect(first?.children.map(({ name }) => name)).toEqual(["system-out"]);
  expect(second?.children.map(({ name }) => name)).toEqual(["failure", "system-out"]);
  expect(second?.children[1]?.text).toContain("seed: 7\nworld: sim\nverdict: FAIL\n");
  expect(first?.attributes.get("name")).not.toBe(second?.attributes.get("name"));
});

function failing(message: string): RunRecord {
  return runRecord({
    verdict: "FAIL",
    failures: [
      {
        rule: "C",
        message,
        timeNs: 1_500_000,
        blame: [
          {
            volume: "svol",
            offsetBytes: 0,
            lengthBytes: 512,
            found: "zeros",
            expected: "write 3",
            cause: "lost-write on b/svol",
          },
        ],
      },
    ],
  });
}
