# The server in a container: splitcart serve, its data in one volume. README.md says how to run it.
FROM node:26.10.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY bin bin
COPY packages packages
COPY bench/package.json bench/
COPY tsconfig.json ./
RUN npm ci
RUN npm run build
# The node of the image is the one that is pinned: the platform packages stay out.
RUN npm prune --omit=dev --omit=optional
RUN rm -rf packages/*/test

FROM node:26.10.0-bookworm-slim
RUN install -d -o node -g node -m 700 /var/lib/splitcart
COPY --from=build /app /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_MANAGEMENT_DATA_DIR=/var/lib/splitcart
WORKDIR /var/lib/splitcart
VOLUME /var/lib/splitcart
EXPOSE 8000
USER node
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8000/healthz').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/splitcart.js"]
CMD ["serve", "--behind-proxy"]
