# Noise & Scale Explorer, for one machine. docs/hosting.md says how to run it; in short:
#   docker build -t explorer .
#   docker run --rm -p 7860:7860 --memory 4g --read-only --tmpfs /scratch:uid=1000,size=512m \
#     --cap-drop ALL --security-opt no-new-privileges explorer
# For CUDA: docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu126 -t explorer:cuda .
FROM python:3.11-slim

ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HOME=/scratch \
    TMPDIR=/scratch \
    GRADIO_TEMP_DIR=/scratch

RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin explorer \
    && install -d -o explorer -g explorer /scratch

WORKDIR /app
COPY requirements.txt requirements.lock ./
# torch has a build for each platform, so its line of requirements.txt is its pin; all else is installed by hash. The
# lock holds all that torch needs on the CPU; a CUDA build brings NVIDIA's libraries along.
RUN pip install --require-hashes --only-binary :all: -r requirements.lock \
    && pip install --index-url "$TORCH_INDEX" --extra-index-url https://pypi.org/simple "$(grep '^torch==' requirements.txt)" \
    && pip check

COPY app.py LICENSE ./
COPY explorer explorer
COPY weights weights
RUN python -m compileall -q app.py explorer

USER 1000:1000
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "app.py", "--host", "0.0.0.0"]
