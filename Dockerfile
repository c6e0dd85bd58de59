# syntax=docker/dockerfile:1

# The program, translated.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY deploy/sbom.mjs ./deploy/
RUN npm run build && npm run sbom

# What it needs to run, and nothing that it only needs to be built or tested.
FROM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# One image for every service: the command says which one it is (`start`, `gateway`, `serve storefront`, `work cart`).
# Nothing in it belongs to the user that it runs as, and any other user will do; only /data is ever written, and only by
# `start`. The stores are other containers (EVENTSTORE_URL, MONGODB_URL).
FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="Millrace" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 DATA_DIR=/data
WORKDIR /app
# No package manager: a running shop installs nothing.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* \
    /usr/local/bin/yarn /usr/local/bin/yarnpkg \
  && install -d -o 1000 -g 0 -m 0770 /data
COPY package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY samples ./samples
COPY deploy/image ./image
USER 1000:0
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --start-interval=1s CMD ["node", "image/healthy.mjs"]
# Asked to stop, it says that it is not ready, goes on for GATEWAY_DRAIN seconds, ends what is under way and exits.
STOPSIGNAL SIGTERM
# node itself is process 1, so that it gets the signal.
ENTRYPOINT ["node", "--max-semi-space-size=64", "--import", "/app/image/secrets.mjs", "/app/dist/main.js"]
CMD ["start"]
