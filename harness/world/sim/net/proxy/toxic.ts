import { NetworkError } from "../tcp/network-error.ts";
import type { Stub, ToxicRun } from "./stub.ts";
import type { LiveToxic } from "./toxic-live.ts";
import type { ToxicTools } from "./toxic-tools.ts";
import { type BandwidthToxic, runBandwidth } from "./toxics/bandwidth.ts";
import { LATENCY_BUFFER_CHUNKS, type LatencyToxic, runLatency } from "./toxics/latency.ts";
import { type LimitDataToxic, runLimitData } from "./toxics/limit-data.ts";
import { type NoopToxic, runNoop } from "./toxics/noop.ts";
import { type ResetPeerToxic, runResetPeer } from "./toxics/reset-peer.ts";
import { runSlicer, type SlicerToxic } from "./toxics/slicer.ts";
import { runSlowClose, type SlowCloseToxic } from "./toxics/slow-close.ts";
import { runTimeout, type TimeoutToxic } from "./toxics/timeout.ts";

/** A toxic as data. Types are Toxiproxy's; attributes carry their unit. */
export type Toxic =
  | NoopToxic
  | LatencyToxic
  | BandwidthToxic
  | SlicerToxic
  | LimitDataToxic
  | TimeoutToxic
  | SlowCloseToxic
  | ResetPeerToxic;

/** Starts one run of a toxic on `stub`. */
export function runToxic(live: LiveToxic<Toxic>, stub: Stub, tools: ToxicTools): ToxicRun {
  switch (live.toxic.type) {
    case "noop":
      return runNoop(stub);
    case "latency":
      return runLatency(live as LiveToxic<LatencyToxic>, stub, tools);
    case "bandwidth":
      return runBandwidth(live as LiveToxic<BandwidthToxic>, stub, tools);
    case "slicer":
      return runSlicer(live as LiveToxic<SlicerToxic>, stub, tools);
    case "limit_data":
      return runLimitData(live as LiveToxic<LimitDataToxic>, stub, tools);
    case "timeout":
      return runTimeout(live.toxic, stub, tools);
    case "slow_close":
      return runSlowClose(live as LiveToxic<SlowCloseToxic>, stub, tools);
    case "reset_peer":
      return runResetPeer(live.toxic, stub, tools);
  }
}

/** What the channel in front of the toxic holds. */
export function inputCapacityChunks(toxic: Toxic): number {
  return toxic.type === "latency" ? LATENCY_BUFFER_CHUNKS : 0;
}

/** The attributes as Toxiproxy's API has them. */
export function toxiproxyAttributes(toxic: Toxic): Readonly<Record<string, number>> {
  switch (toxic.type) {
    case "noop":
      return {};
    case "latency":
      return { latency: toxic.latencyMs, jitter: toxic.jitterMs ?? 0 };
    case "bandwidth":
      return { rate: toxic.rateKBps };
    case "slicer":
      return {
        average_size: toxic.averageSizeBytes,
        size_variation: toxic.sizeVariationBytes ?? 0,
        delay: toxic.delayUs ?? 0,
      };
    case "limit_data":
      return { bytes: toxic.limitBytes };
    case "timeout":
    case "reset_peer":
      return { timeout: toxic.timeoutMs };
    case "slow_close":
      return { delay: toxic.delayMs };
  }
}

/** Delays beyond this are refused: a day and more. */
const MS_MAX = 100_000_000;

/** @throws NetworkError PARAMETER for values with which Toxiproxy stalls, panics or surprises */
export function checkToxic(toxic: Toxic): void {
  const check = (name: string, value: number, min: number, max: number): void => {
    if (Number.isSafeInteger(value) && value >= min && value <= max) return;
    throw new NetworkError("PARAMETER", {
      place: `toxic ${toxic.type}, ${name}`,
      found: String(value),
      expected: `a whole number from ${min} to ${max}`,
    });
  };
  switch (toxic.type) {
    case "noop":
      break;
    case "latency":
      check("latencyMs", toxic.latencyMs, 0, MS_MAX);
      check("jitterMs", toxic.jitterMs ?? 0, 0, MS_MAX);
      break;
    case "bandwidth":
      check("rateKBps", toxic.rateKBps, 1, 100_000_000);
      break;
    case "slicer":
      check("averageSizeBytes", toxic.averageSizeBytes, 1, 2 ** 30);
      check("sizeVariationBytes", toxic.sizeVariationBytes ?? 0, 0, toxic.averageSizeBytes - 1);
      check("delayUs", toxic.delayUs ?? 0, 0, MS_MAX * 1000);
      break;
    case "limit_data":
      check("limitBytes", toxic.limitBytes, 0, Number.MAX_SAFE_INTEGER);
      break;
    case "timeout":
    case "reset_peer":
      check("timeoutMs", toxic.timeoutMs, 0, MS_MAX);
      break;
    case "slow_close":
      check("delayMs", toxic.delayMs, 0, MS_MAX);
      break;
    default:
      throw new NetworkError("PARAMETER", {
        place: "toxic type",
        found: JSON.stringify((toxic as { readonly type: unknown }).type),
        expected: "noop, latency, bandwidth, slicer, limit_data, timeout, slow_close or reset_peer",
      });
  }
}

/** @throws NetworkError PARAMETER */
export function checkToxicity(toxicity: number): void {
  if (toxicity >= 0 && toxicity <= 1) return;
  throw new NetworkError("PARAMETER", { place: "toxicity", found: String(toxicity), expected: "a number from 0 to 1" });
}

/** The other way round. @param attributes as Toxiproxy's API names them */
export function toxicOf(type: string, attributes: Readonly<Record<string, number>>): Toxic {
  const of = (name: string): number => attributes[name] ?? 0;
  switch (type) {
    case "latency":
      return { type, latencyMs: of("latency"), jitterMs: of("jitter") };
    case "bandwidth":
      return { type, rateKBps: of("rate") };
    case "slicer":
      return {
        type,
        averageSizeBytes: of("average_size"),
        sizeVariationBytes: of("size_variation"),
        delayUs: of("delay"),
      };
    case "limit_data":
      return { type, limitBytes: of("bytes") };
    case "timeout":
    case "reset_peer":
      return { type, timeoutMs: of("timeout") };
    case "slow_close":
      return { type, delayMs: of("delay") };
    default:
      throw new Error(`no toxic of type ${type}`);
  }
}
