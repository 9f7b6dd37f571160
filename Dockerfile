# One image for all services; docker-compose.yml says which of them a container runs.
FROM node:26.10.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY shared ./shared
COPY services ./services
COPY tools ./tools
COPY cli ./cli
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:26.10.0-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production \
    UV_THREADPOOL_SIZE=16 \
    NVR_STORAGE_ROOT=/recordings
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# A named volume takes over owner and rights of the folder that it is mounted on.
RUN install -d -o node -g node -m 750 /recordings && mkdir /app/config
USER node
CMD ["node", "dist/services/api/main.js"]
