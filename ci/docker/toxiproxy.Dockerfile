# Stands in for ghcr.io/shopify/toxiproxy where that cannot be pulled.
FROM scratch
EXPOSE 8474
ENV LOG_LEVEL=info
COPY server /toxiproxy
ENTRYPOINT ["/toxiproxy"]
CMD ["-host=0.0.0.0"]
