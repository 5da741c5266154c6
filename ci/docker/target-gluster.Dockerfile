# A node of the target gluster: bricks, clients and nbdkit, and Node.js for the adapter, which each run brings. ci/provision.sh makes it.
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE}
RUN apt-get update \
  && apt-get install -y --no-install-recommends glusterfs-common glusterfs-client nbdkit nbdkit-plugin-python \
  && rm -rf /var/lib/apt/lists/*
