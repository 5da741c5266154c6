# The engine as a daemon. `npm run build:images` makes it; docs/operating.md tells how to use it.
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE}
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
# Disks, when they are files. A volume that is mounted here takes over the owner.
RUN mkdir -p /etc/resilver /var/lib/resilver && chown node:node /var/lib/resilver
COPY . /opt/resilver/
# What Node.js compiles of the program is kept by user, Node.js and content: an engine, or a health check, loads it with a
# fifth less of a processor. Nobody can write there afterwards.
ENV NODE_COMPILE_CACHE=/opt/resilver/compile-cache
RUN install -d -o node /opt/resilver/compile-cache
USER node
RUN node /opt/resilver/engine.mjs engine --help > /dev/null
USER root
RUN chown -R root /opt/resilver/compile-cache && chmod -R a+rX /opt/resilver/compile-cache
USER node
WORKDIR /var/lib/resilver
# Control API, hosts (NBD).
EXPOSE 7070 10809
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/opt/resilver/engine.mjs", "health", "--config", "/etc/resilver/engine.json"]
CMD ["node", "/opt/resilver/engine.mjs", "engine", "--config", "/etc/resilver/engine.json"]
