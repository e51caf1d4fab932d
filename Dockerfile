# syntax=docker/dockerfile:1

# The Node of the tests, exactly. To pin its bytes as well, ask for the digest of the tag and write it behind:
#   docker buildx imagetools inspect node:24.21.0-trixie-slim
#   ARG NODE=node:24.21.0-trixie-slim@sha256:…
ARG NODE=node:24.21.0-trixie-slim

# Each program becomes one file, which starts three times as fast as its sources, beside all that it reads.
FROM ${NODE} AS build
RUN npm install --global pnpm@12.21.0
WORKDIR /app
COPY . .
# What the server and its making need, and none of the tools beside them.
RUN --mount=type=cache,target=/pnpm \
    pnpm install --filter '@rekey/server...' --frozen-lockfile --ignore-scripts --store-dir /pnpm
RUN cd apps/server \
 && ./node_modules/.bin/rolldown -c rolldown.config.js \
 && chmod 755 /app/dist/cli.mjs

FROM ${NODE}
# Of the package managers that come with Node nothing is needed, and each is a way in.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn*
ENV NODE_ENV=production \
    HOST=0.0.0.0
COPY --from=build /app/LICENSE /app/LICENSE
COPY --from=build /app/dist /app/dist
RUN ln -s /app/dist/cli.mjs /usr/local/bin/rekey \
 && ln -s rekey /usr/local/bin/sso-cli \
 && install -d -o 1000 -g 1000 -m 700 /data
# The commit that it is made of: docker build --build-arg REVISION="$(git rev-parse HEAD)" .
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Rekey" \
      org.opencontainers.image.description="Keeps users, keys and services, and tells owners what happens to their accounts." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/node:24.21.0-trixie-slim"
# The defaults ./data/rekey.db, ./data/keys.json and ./data/mail are in /data. No variable holds them, so that another, or
# a file with a secret, can take their place.
WORKDIR /
# The user `node`, as a number: Kubernetes knows then that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 8042
# Whether the process lives, and not whether it is ready: no restart brings a database back.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8042}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node runs without a package manager around it: signals reach it, and its exit code is the container's.
CMD ["node", "/app/dist/main.mjs"]
