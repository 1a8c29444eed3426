# The build stage needs the whole tree; the image holds only what runs.
FROM node:24 AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm ci --omit=dev

FROM node:24-slim
LABEL org.opencontainers.image.title="rangemesh" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /opt/rangemesh
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/bin ./bin
COPY --from=build /src/dist ./dist
COPY --from=build /src/config ./config
RUN mkdir -p -m 0700 /data && chown node:node /data
USER node
VOLUME /data
# 9463 is the mesh; the admin endpoint stays on the container's loopback.
EXPOSE 9463
ENV RANGEMESH_NODE_DATA_DIR=/data
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# npm does not forward SIGTERM, so the launcher is process 1 itself; with a young generation that is
# sized it does not start itself anew, and no signal falls in between.
ENTRYPOINT ["node", "--min-semi-space-size=2", "--max-semi-space-size=2", "bin/rangemesh.js"]
CMD ["start", "--config", "/opt/rangemesh/config/docker.yaml"]
