/** Images that come from elsewhere, or from `ci/provision.sh` under the same names. */
export const NODE_IMAGE = "node:24-bookworm-slim";
export const TOXIPROXY_VERSION = "2.12.0";
export const TOXIPROXY_IMAGE = `ghcr.io/shopify/toxiproxy:${TOXIPROXY_VERSION}`;
/** Of the nodes of the targets that are shipped. */
export const TARGET_IMAGES = ["resilver-target-qemu:bookworm", "resilver-target-gluster:bookworm"] as const;
