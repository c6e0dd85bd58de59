"""Checks what `helm template` made: `manifests.py FILE --crds FOLDER… --kubernetes 1.31 1.33`.

Resources of Kubernetes itself against its own schemas (kubernetes-validate, strict: no field that there is not), others
against the schemas in their CustomResourceDefinitions, and references between them: what a Service, a
PodDisruptionBudget or a NetworkPolicy selects, what an autoscaler scales, and the backends of routes must be there.
"""

import argparse
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """`- =` is a text in YAML 1.2, which Kubernetes reads."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))

CORE = {"v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v2", "networking.k8s.io/v1"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--crds", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--kubernetes", nargs="+", default=["1.31"])
    options = parser.parse_args()
    manifests = [each for each in yaml.load_all(options.file.read_text(), Loader) if each]
    schemas = custom_schemas(options.crds, {each["kind"] for each in manifests if each["apiVersion"] not in CORE})
    faults = [
        *(f"{name(each)}: {fault}" for each in manifests for fault in schema_faults(each, schemas, options.kubernetes)),
        *reference_faults(manifests),
        *duplicates(manifests),
    ]
    for fault in faults:
        print(f"{options.file}: {fault}", file=sys.stderr)
    print(f"{options.file.name}: {len(manifests)} manifests, {len(faults)} faults")
    return 1 if faults else 0


def name(manifest: dict) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def custom_schemas(folders: list[pathlib.Path], kinds: set[str]) -> dict:
    schemas = {}
    texts = (file.read_text() for folder in folders for file in folder.glob("*.yaml"))
    for text in (text for text in texts if any(f"    kind: {kind}\n" in text for kind in kinds)):
        for definition in yaml.load_all(text, Loader):
            if not definition or definition.get("kind") != "CustomResourceDefinition":
                continue
            spec = definition["spec"]
            for version in spec["versions"]:
                key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                schemas[key] = closed(version["schema"]["openAPIV3Schema"])
    return schemas


def closed(schema: dict) -> dict:
    """An API server drops fields that it does not know; a check must not."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema and "additionalProperties" not in schema:
            if not schema.get("x-kubernetes-preserve-unknown-fields"):
                schema = {**schema, "additionalProperties": False}
        return {key: closed(value) if key != "enum" else value for key, value in schema.items()}
    return [closed(each) for each in schema] if isinstance(schema, list) else schema


def schema_faults(manifest: dict, schemas: dict, versions: list[str]):
    kind = (manifest["apiVersion"], manifest["kind"])
    if kind[0] in CORE:
        for version in versions:
            try:
                kubernetes_validate.validate(manifest, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}"
    elif kind in schemas:
        schema = {**schemas[kind], "properties": {**schemas[kind]["properties"], "metadata": {"type": "object"}}}
        for error in jsonschema.Draft7Validator(schema).iter_errors(manifest):
            yield f"{'.'.join(map(str, error.path))}: {error.message}"
    else:
        yield f"there is no schema of {kind[0]} {kind[1]}"


def reference_faults(manifests: list[dict]):
    pods = [each["spec"]["template"] for each in manifests if each["kind"] in ("Deployment", "Job")]
    labels = [pod["metadata"]["labels"] for pod in pods]
    names = {(each["kind"], each["metadata"]["name"]) for each in manifests}

    def selects(selector: dict) -> bool:
        return any(selector.items() <= each.items() for each in labels)

    for each in manifests:
        spec = each.get("spec", {})
        match each["kind"]:
            case "Service":
                if not selects(spec["selector"]):
                    yield f"{name(each)} selects no pod"
            case "PodDisruptionBudget":
                if not selects(spec["selector"]["matchLabels"]):
                    yield f"{name(each)} selects no pod"
            case "NetworkPolicy":
                if not selects(spec["podSelector"]["matchLabels"]):
                    yield f"{name(each)} selects no pod"
            case "HorizontalPodAutoscaler":
                if ("Deployment", spec["scaleTargetRef"]["name"]) not in names:
                    yield f"{name(each)} scales nothing that there is"
            case "HTTPRoute":
                for backend in (backend for rule in spec["rules"] for backend in rule["backendRefs"]):
                    if ("Service", backend["name"]) not in names:
                        yield f"{name(each)} leads to {backend['name']}, which there is not"
    for pod in pods:
        account = pod["spec"]["serviceAccountName"]
        if ("ServiceAccount", account) not in names:
            yield f"there is no service account {account}"
        for container in pod["spec"]["containers"]:
            security = container["securityContext"]
            if not security["readOnlyRootFilesystem"] or security["allowPrivilegeEscalation"]:
                yield f"a container of {account} may write its root file system or gain privileges"
            if "limits" not in container["resources"]:
                yield f"a container of {account} has no limits"


def duplicates(manifests: list[dict]):
    seen = set()
    for each in manifests:
        key = (each["kind"], each["metadata"]["name"])
        if key in seen:
            yield f"{name(each)} is there twice"
        seen.add(key)


if __name__ == "__main__":
    sys.exit(main())
