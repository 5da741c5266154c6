# Disks in memory, with faults, over NBD: part of the container world, never of an engine.
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE}
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
COPY . /opt/resilver/
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["node", "/opt/resilver/fault-disk.mjs"]
