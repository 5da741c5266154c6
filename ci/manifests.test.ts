import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";

const root = new URL("../", import.meta.url);
const main = fileURLToPath(new URL("main.ts", root));
const textOf = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** The command and its options are there; options of ours take a value. */
function expectCommand(words: readonly string[]): void {
  const [command = "", ...options] = words;
  const help = execFileSync(process.execPath, [main, command, "--help"], { encoding: "utf8" });
  expect(help).toContain(`Usage: resilver ${command} `);
  for (const option of options) {
    expect(option).toMatch(/^--[a-z]+=\S+$/u);
    expect(help).toContain(`${option.slice(0, option.indexOf("="))} <`);
  }
}

const harnessService = z.strictObject({
  image: z.literal("resilver-hunt"),
  build: z.strictObject({ context: z.literal("../.."), dockerfile: z.literal("ci/docker/hunt.Dockerfile") }),
  environment: z.strictObject({ PGPASSWORD: z.string() }),
  depends_on: z.strictObject({ postgres: z.strictObject({ condition: z.literal("service_healthy") }) }),
  command: z.array(z.string()),
  volumes: z.array(z.string()).optional(),
  stop_grace_period: z.string().optional(),
  deploy: z.strictObject({ replicas: z.string() }).optional(),
});
const compose = z.strictObject({
  name: z.string(),
  "x-harness": z.looseObject({}),
  services: z.strictObject({
    postgres: z.strictObject({
      image: z.string().regex(/^postgres:\d+/u),
      environment: z.record(z.string(), z.string()),
      healthcheck: z.strictObject({
        test: z.array(z.string()),
        interval: z.string(),
        timeout: z.string(),
        retries: z.int(),
      }),
      volumes: z.array(z.string()),
    }),
    coordinator: harnessService,
    worker: harnessService,
  }),
  volumes: z.record(z.string(), z.null()),
});

test("the Compose file starts a database, a coordinator and workers, by commands that there are", () => {
  const { services, volumes } = compose.parse(parse(textOf("ci/compose/hunt.yaml"), { merge: true }));
  const { postgres, coordinator, worker } = services;
  for (const { command } of [coordinator, worker]) {
    expectCommand(command);
    expect(command).toContain(
      `--queue=postgres://${postgres.environment["POSTGRES_USER"]}@postgres:5432/${postgres.environment["POSTGRES_DB"]}`,
    );
  }
  const used = [postgres, coordinator, worker].flatMap((service) => service.volumes ?? []);
  for (const volume of used) expect(volumes).toHaveProperty(volume.slice(0, volume.indexOf(":")));
});

const secret = z.strictObject({
  name: z.string(),
  valueFrom: z.strictObject({ secretKeyRef: z.strictObject({ name: z.literal("resilver-hunt"), key: z.string() }) }),
});
const labels = z.record(z.string(), z.string());
const job = z.strictObject({
  apiVersion: z.literal("batch/v1"),
  kind: z.literal("Job"),
  metadata: z.strictObject({ name: z.string(), labels }),
  spec: z.strictObject({
    backoffLimit: z.int().optional(),
    completionMode: z.literal("Indexed").optional(),
    completions: z.int().optional(),
    parallelism: z.int().optional(),
    backoffLimitPerIndex: z.int().optional(),
    podFailurePolicy: z
      .strictObject({
        rules: z.tuple([
          z.strictObject({
            action: z.literal("FailJob"),
            onExitCodes: z.strictObject({
              containerName: z.string(),
              operator: z.literal("In"),
              values: z.array(z.int()),
            }),
          }),
        ]),
      })
      .optional(),
    template: z.strictObject({
      metadata: z.strictObject({ labels }),
      spec: z.strictObject({
        restartPolicy: z.literal("Never"),
        terminationGracePeriodSeconds: z.int(),
        securityContext: z.strictObject({
          runAsNonRoot: z.literal(true),
          runAsUser: z.int().min(1),
          fsGroup: z.int(),
        }),
        containers: z.tuple([
          z.strictObject({
            name: z.string(),
            image: z.literal("resilver-hunt"),
            args: z.array(z.string()),
            env: z.array(secret),
            resources: z.strictObject({
              requests: z.strictObject({ cpu: z.string(), memory: z.string() }),
              limits: z.strictObject({ memory: z.string() }),
            }),
            volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string() })).optional(),
          }),
        ]),
        volumes: z.array(z.strictObject({ name: z.string(), emptyDir: z.strictObject({}) })).optional(),
      }),
    }),
  }),
});

test("the Kubernetes jobs give commands that there are, and take the database from the secret", () => {
  const documents = parseAllDocuments(textOf("ci/kubernetes/hunt.yaml")).map((document) => document.toJS() as unknown);
  const [coordinator, workers, ...others] = documents.map((document) => job.parse(document));
  expect(others).toEqual([]);
  for (const one of [coordinator, workers]) {
    const [container] = one?.spec.template.spec.containers ?? [];
    expectCommand(container?.args ?? []);
    expect(container?.args[1]).toBe("--queue=$(QUEUE_URL)");
    expect(container?.env.map(({ name }) => name)).toEqual(["QUEUE_URL", "PGPASSWORD"]);
  }
  expect(workers?.spec).toMatchObject({ completionMode: "Indexed", completions: 4, parallelism: 4 });
  const [worker] = workers?.spec.template.spec.containers ?? [];
  // A worker that waited for ever would keep its job from ending.
  expect(worker?.args.some((arg) => arg.startsWith("--idle="))).toBe(true);
  expect(workers?.spec.podFailurePolicy?.rules[0].onExitCodes.containerName).toBe(worker?.name);
});

test("the image holds all that the program loads, and nothing else goes to the engine", () => {
  const copied = [...textOf("ci/docker/hunt.Dockerfile").matchAll(/^COPY (.+) \S+$/gmu)].flatMap(([, what = ""]) =>
    what.split(" ").map((path) => path.replace(/\/$/u, "")),
  );
  for (const path of copied) expect(existsSync(new URL(path, root)), path).toBe(true);
  const sent = textOf("ci/docker/hunt.Dockerfile.dockerignore").trim().split("\n");
  expect(sent).toEqual(["*", ...copied.map((path) => `!${path}`)]);
  // Every folder of sources but the checks of this repository.
  const { include } = z.object({ include: z.array(z.string()) }).parse(JSON.parse(textOf("tsconfig.json")));
  expect(copied).toEqual(expect.arrayContaining(include.filter((folder) => folder !== "ci")));
});
