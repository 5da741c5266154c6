export { NetworkError, type NetworkErrorCode } from "./network-error.ts";
export type { NetworkOptions } from "./network-options.ts";
export type { ProxyEffects } from "./proxy-effects.ts";
export { SimEndpoint } from "./sim-endpoint.ts";
export { SimNetwork } from "./sim-network.ts";
export { type ProxyConfig, type ProxyToxic, SimProxy } from "./sim-proxy.ts";
export { type Direction, type Toxic, toxiproxyAttributes } from "./toxic.ts";
export type { ToxicEffects } from "./toxic-effects.ts";
