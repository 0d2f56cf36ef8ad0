# Two stages on a slim glibc base: the first builds, the second is only what docker/tree.sh lays out (Node.js, the program,
# its packages and the shared libraries of the base), so there is neither a shell nor a package manager in the image.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && docker/tree.sh /tree

FROM scratch
LABEL org.opencontainers.image.title="OpenAnomaly" \
      org.opencontainers.image.description="Anomaly detection beside Prometheus" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /tree/ /
ENV NODE_ENV=production PATH=/usr/local/bin
WORKDIR /opt/openanomaly
USER 65532:65532
EXPOSE 9877
# State goes to /var/lib/openanomaly, and nothing is written elsewhere: the root file system can be read-only.
VOLUME ["/var/lib/openanomaly"]
ENTRYPOINT ["/usr/local/bin/node", "/opt/openanomaly/dist/main.js"]
CMD ["serve", "--config.file=/etc/openanomaly/openanomaly.yaml", "--state.dir=/var/lib/openanomaly"]
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
  CMD ["/usr/local/bin/node", "/opt/openanomaly/dist/main.js", "healthcheck", "--url", "http://127.0.0.1:9877"]
