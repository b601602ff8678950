#!/usr/bin/env bash
# What people use of other APIs, unchanged, against a real server with the demonstration model: the
# Deepgram and OpenAI plugins of livekit-agents and pipecat, LiteLLM, LangChain's loader (with ffmpeg),
# npm's @deepgram/sdk, and npm's openai, which needs TLS and gets it. Each framework gets a virtual
# environment of its own, since they pin what the server needs otherwise; a folder for them as the
# argument keeps them for the next time. Versions are printed: docs/doors/deepgram.md names those seen.
#
#   bash tests/e2e/frameworks/run.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sample=$here/../../recordings/synthetic.flac
work=$(mktemp -d)
venvs=${1:-$work/venvs}
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

environment() { # NAME PACKAGE...
  local name=$1
  shift
  [ -x "$venvs/$name/bin/python" ] || python3 -m venv "$venvs/$name"
  "$venvs/$name/bin/pip" install -qq --disable-pip-version-check "$@"
}
environment livekit 'livekit-agents[openai,deepgram]' soundfile
environment pipecat 'pipecat-ai[openai,deepgram]' soundfile

environment litellm litellm
environment langchain langchain-community openai pydub
mkdir -p "$venvs/npm"
[ -d "$venvs/npm/node_modules" ] || npm install --silent --no-audit --no-fund --prefix "$venvs/npm" openai ws @deepgram/sdk

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
serve() { # PORT OPTION...
  local port=$1
  ${STREAMER:-streamer} serve --model embedded --port "$@" --api-keys secret >"$work/$port.log" 2>&1 &
  servers+=($!)
  for _ in $(seq 100); do
    grep -q '^Listening' "$work/$port.log" && return
    kill -0 "${servers[-1]}" || break
    sleep 0.3
  done
  cat "$work/$port.log"
  exit 1
}
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
port=$(free_port)
serve "$port"
tls_port=$(free_port)
serve "$tls_port" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem"

for name in livekit pipecat litellm langchain; do
  "$venvs/$name/bin/pip" list --format freeze --disable-pip-version-check |
    grep -E '^(livekit-(agents|plugins-(deepgram|openai))|pipecat-ai|litellm|langchain-community|openai|deepgram-sdk)=' |
    sed "s/^/$name: /"
done
(cd "$venvs/npm" && npm ls --depth 0 | tail -n +2)

failed=0
for framework in livekit pipecat; do
  "$venvs/$framework/bin/python" "$here/${framework}_plugins.py" "127.0.0.1:$port" "$sample" || failed=1
done
for framework in litellm langchain; do
  LITELLM_LOCAL_MODEL_COST_MAP=True "$venvs/$framework/bin/python" "$here/${framework}_rest.py" "http://127.0.0.1:$port/v1" "$sample" || failed=1
done
cp "$here"/*_npm.mjs "$venvs/npm/" # they find their packages beside themselves
node "$venvs/npm/deepgram_npm.mjs" "127.0.0.1:$port" "$sample" || failed=1
NODE_EXTRA_CA_CERTS="$work/cert.pem" node "$venvs/npm/openai_npm.mjs" "https://localhost:$tls_port/v1" "$sample" || failed=1
exit $failed
