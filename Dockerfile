# Two images: `dacapo`, the program with every role, and `proxy`, Debian's haproxy with the configuration of a cluster.

FROM debian:12-slim AS build
WORKDIR /source
# First what changes seldom, so that a changed source does not fetch the packages again.
COPY dev ./
COPY scripts/common.sh scripts/
RUN ./dev packages
COPY . .
RUN ./dev package

FROM debian:12-slim AS dacapo
COPY --from=build /source/build/package/out/*.deb /tmp/packages/
# The package knows the libraries that it needs. curl asks for the health.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl /tmp/packages/*.deb \
    && rm -rf /var/lib/apt/lists/* /tmp/packages \
    && useradd --system --uid 10001 --home-dir /var/lib/dacapo --create-home dacapo
USER dacapo
WORKDIR /var/lib/dacapo
ENV APP_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/var/lib/dacapo
EXPOSE 8000
VOLUME /var/lib/dacapo
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8000/readyz"]
ENTRYPOINT ["dacapo"]
CMD ["serve"]

FROM debian:12-slim AS proxy
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl haproxy \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/haproxy/haproxy.cfg /etc/haproxy/haproxy.cfg
USER haproxy
ENV PROXY_BIND=*:8080
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/proxyz"]
STOPSIGNAL SIGUSR1
ENTRYPOINT ["haproxy", "-q", "-db", "-f", "/etc/haproxy/haproxy.cfg"]
