# syntax=docker/dockerfile:1

# Each program becomes one file, which starts three times as fast as its sources.
FROM node:24-slim AS bundle
RUN npm install --global pnpm@12
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile --ignore-scripts \
 && cd apps/server \
 && ./node_modules/.bin/rolldown -c rolldown.config.js

# The files load native modules from the workspace, which goes into the image as it is.
FROM node:24-slim AS build
RUN npm install --global pnpm@12
WORKDIR /app
# Only a new lockfile downloads anything anew.
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
RUN pnpm fetch --prod
COPY . .
RUN pnpm install --prod --frozen-lockfile --offline

FROM node:24-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app ./
COPY --from=bundle /app/dist ./dist
RUN chmod 755 dist/cli.mjs \
 && ln -s /app/dist/cli.mjs /usr/local/bin/rekey \
 && ln -s rekey /usr/local/bin/sso-cli \
 && install -d -o node -g node -m 700 /data
# The defaults ./data/rekey.db, ./data/keys.json and ./data/mail are in /data. No variable holds them, so that another, or
# a file with a secret, can take their place.
WORKDIR /
USER node
VOLUME /data
EXPOSE 8042
# Whether the process lives, and not whether it is ready: no restart brings a database back.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8042}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node runs without a package manager around it: signals reach it, and its exit code is the container's.
CMD ["node", "/app/dist/main.mjs"]
