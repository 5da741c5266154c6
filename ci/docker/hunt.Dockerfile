# The whole harness, for hunts on many machines (docs/hunt.md). From the root of the sources:
#   docker build -t resilver-hunt -f ci/docker/hunt.Dockerfile .
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /opt/resilver
COPY .npmrc package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY main.ts program.ts ./
COPY engine/ engine/
COPY harness/ harness/
COPY reports/ reports/
COPY scenarios/ scenarios/
COPY targets/ targets/
# Where results go, unless a command says otherwise. A volume that is mounted here takes over the owner.
RUN mkdir -p /var/lib/resilver && chown node:node /var/lib/resilver
USER node
WORKDIR /var/lib/resilver
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/opt/resilver/main.ts"]
CMD ["--help"]
