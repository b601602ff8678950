# docker-compose.yml builds the targets `cpu` and `gpu` of this file.
FROM python:3.12-slim AS cpu
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY streamer streamer
COPY web web
RUN pip install --no-cache-dir '.[hub]' \
    && useradd --create-home streamer && mkdir /data && chown streamer /data
USER streamer
EXPOSE 8000 8001 10300
ENTRYPOINT ["streamer"]
CMD ["serve"]

# The CPU and the GPU runtime install the same module, so the GPU one must be the only one.
FROM cpu AS gpu
USER root
RUN pip uninstall -y onnxruntime \
    && pip install --no-cache-dir 'onnxruntime-gpu[cuda,cudnn]'
USER streamer
