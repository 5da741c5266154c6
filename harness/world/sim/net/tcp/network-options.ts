import { NS_PER_MS } from "../../../../../engine/ports/index.ts";
import { NetworkError } from "./network-error.ts";

/** How the network between the hosts behaves when no toxic is at work. */
export interface NetworkOptions {
  /** The least one-way delay of a packet; 0 by default. */
  readonly latencyNsMin: number;
  /** The greatest. Delays are drawn per packet, but no packet overtakes another of its connection. */
  readonly latencyNsMax: number;
  /** What a kernel takes of one connection before it sends; 256 KiB by default. */
  readonly sendBufferBytes: number;
  /** What a kernel keeps of one connection before it is read; 256 KiB by default. */
  readonly receiveBufferBytes: number;
  /** After this, dialling a host that does not answer fails; 10 s by default. */
  readonly connectTimeoutNs: number;
  /**
   * After this, a packet that a host without power lost is sent again, once the host has power, and gets
   * its reset; and the first try to connect is repeated, then after twice the time, and so on. 1 s by default.
   */
  readonly retransmitNs: number;
}

const defaults: NetworkOptions = {
  latencyNsMin: 0,
  latencyNsMax: 0,
  sendBufferBytes: 256 * 1024,
  receiveBufferBytes: 256 * 1024,
  connectTimeoutNs: 10_000 * NS_PER_MS,
  retransmitNs: 1_000 * NS_PER_MS,
};

/** @throws NetworkError PARAMETER */
export function networkOptions(given: Partial<NetworkOptions> = {}): NetworkOptions {
  const latencyNsMin = given.latencyNsMin ?? defaults.latencyNsMin;
  const options = { ...defaults, latencyNsMax: latencyNsMin, ...given };
  wholeWithin("latencyNsMin", options.latencyNsMin, 0, options.latencyNsMax);
  wholeWithin("latencyNsMax", options.latencyNsMax, 0, 2 ** 42);
  wholeWithin("sendBufferBytes", options.sendBufferBytes, 1, 2 ** 31);
  wholeWithin("receiveBufferBytes", options.receiveBufferBytes, 1, 2 ** 31);
  wholeWithin("connectTimeoutNs", options.connectTimeoutNs, 1, 2 ** 42);
  wholeWithin("retransmitNs", options.retransmitNs, 1, 2 ** 42);
  return options;
}

function wholeWithin(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new NetworkError("PARAMETER", {
    place: `network option ${name}`,
    found: String(value),
    expected: `a whole number from ${min} to ${max}`,
  });
}
