# The build stage needs what .dockerignore lets in; the image holds only what runs.
# The version with which rangemesh is tested. "npm run prove:image" runs the steps below without an engine.
ARG NODE_VERSION=24.21.0
FROM node:${NODE_VERSION}-bookworm AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
# Modes of a clone depend on its owner's umask; the image is read by another user.
RUN npm run build && npm ci --omit=dev \
  && chmod -R u=rwX,go=rX package.json LICENSE README.md CHANGELOG.md node_modules bin dist config docs

FROM node:${NODE_VERSION}-bookworm-slim
LABEL org.opencontainers.image.title="rangemesh" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /opt/rangemesh
COPY --from=build /src/package.json /src/LICENSE /src/README.md /src/CHANGELOG.md ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/bin ./bin
COPY --from=build /src/dist ./dist
COPY --from=build /src/config ./config
COPY --from=build /src/docs ./docs
RUN mkdir -p -m 0700 /data && chown 1000:1000 /data
# A number, since Kubernetes cannot tell that a name is not root (runAsNonRoot). It is the user "node".
USER 1000:1000
VOLUME /data
# 9463 is the mesh; the admin endpoint stays on the container's loopback.
EXPOSE 9463
STOPSIGNAL SIGTERM
# For the commands that run beside the daemon: exec, health check.
ENV RANGEMESH_NODE_DATA_DIR=/data
# Asks the address that the daemon left in its data directory, whatever the configuration says.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
  CMD ["node", "bin/rangemesh.js", "probe", "live"]
# As bin/rangemesh.js sets them where it starts itself anew: buffers from 128 KiB on go back at once.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=1048576
# npm does not forward SIGTERM, so the launcher is process 1 itself; with a young generation that is
# sized it does not start itself anew, and no signal falls in between.
ENTRYPOINT ["node", "--min-semi-space-size=8", "--max-semi-space-size=8", "--v8-pool-size=1", "bin/rangemesh.js"]
CMD ["start", "--config", "/opt/rangemesh/config/docker.yaml"]
