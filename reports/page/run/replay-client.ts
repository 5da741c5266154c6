import type { ReplayAnswer, Replayed, ReplayRequest } from "../../../harness/replay/replay-messages.ts";
import { embeddedEngine } from "../embedded.ts";

let worker: Promise<Worker> | undefined;

/** The engine in a thread of its own, so that the page stays alive while a run runs. */
async function start(): Promise<Worker> {
  const source = await embeddedEngine();
  const running = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const answer = await nextAnswer(running);
  if (answer.kind !== "ready") throw new Error("the worker did not start");
  return running;
}

/** Runs it again, here. One at a time. @throws Error if it could not be run */
export async function replay(request: ReplayRequest): Promise<Replayed> {
  worker ??= start();
  try {
    const running = await worker;
    running.postMessage(request);
    const answer = await nextAnswer(running);
    if (answer.kind === "recording") return answer;
    throw new Error(answer.kind === "failed" ? answer.message : "the worker started anew");
  } catch (error) {
    worker = undefined;
    throw error;
  }
}

function nextAnswer(running: Worker): Promise<ReplayAnswer> {
  return new Promise((resolve, reject) => {
    running.onmessage = ({ data }: MessageEvent<ReplayAnswer>) => resolve(data);
    running.onerror = ({ message }) => reject(new Error(message === "" ? "this browser starts no worker" : message));
  });
}
