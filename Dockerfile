# docker-compose.yml builds the targets `cpu` and `gpu` of this file. Everything that is installed is
# pinned, with hashes, by the lock files of deploy/, which `make lock` writes.
FROM python:3.12-slim AS build
WORKDIR /src
COPY deploy/requirements-build.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY streamer streamer
COPY web web
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel .

FROM python:3.12-slim AS cpu
WORKDIR /app
COPY deploy/requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
    && useradd --create-home streamer && mkdir /data && chown streamer /data
RUN --mount=from=build,source=/wheel,target=/wheel \
    pip install --no-cache-dir --no-deps /wheel/*.whl
# The default model, the detector and the turn model, where every user of the image finds them,
# whatever is mounted on /data.
RUN export XDG_DATA_HOME=/usr/local/share \
    && streamer models pull moonshine && streamer models pull silero \
    && streamer models pull smart-turn
USER streamer
EXPOSE 8000 10300
ENTRYPOINT ["streamer"]
CMD ["serve"]

# The CPU and the GPU runtime install the same module, so the GPU one must be the only one.
# Its wheels are there for x86-64 alone.
FROM cpu AS gpu
USER root
COPY deploy/requirements-gpu.lock ./
RUN pip uninstall -y onnxruntime \
    && pip install --no-cache-dir --require-hashes -r requirements-gpu.lock
USER streamer
