# The engine as a daemon. `npm run build:images` makes it; docs/operating.md tells how to use it.
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE}
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
# Disks, when they are files. A volume that is mounted here takes over the owner.
RUN mkdir -p /etc/resilver /var/lib/resilver && chown node:node /var/lib/resilver
COPY . /opt/resilver/
USER node
WORKDIR /var/lib/resilver
# Control API, hosts (NBD).
EXPOSE 7070 10809
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/opt/resilver/engine.mjs", "health", "--config", "/etc/resilver/engine.json"]
CMD ["node", "/opt/resilver/engine.mjs", "engine", "--config", "/etc/resilver/engine.json"]
