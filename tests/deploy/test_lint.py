"""What a linter, a schema or the program itself says of every file in deploy/. No container engine runs here."""

import functools
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from fronting import certificate, configured, nginx
from kubernetes_validate import validate

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
BIN = Path(sys.executable).parent
YAML_RULES = (
    "{extends: default, rules: {document-start: disable, braces: {max-spaces-inside: 0}, line-length: {max: 120}}}"
)
VARIANTS = ("base", "gpu")
IMAGE = (DEPLOY / "Dockerfile").read_text("utf-8")
UNIT = DEPLOY / "systemd" / "betalens@.service"


def ran(*command: str, cwd: Path | None = None) -> str:
    """What a command printed; it must have succeeded."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@functools.cache
def manifests(variant: str) -> list[dict]:
    """The Kubernetes objects of a variant, as kubectl builds them."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not at hand: it builds the variants")
    return list(yaml.safe_load_all(ran("kubectl", "kustomize", str(DEPLOY / "kubernetes" / variant))))


def of_kind(variant: str, kind: str) -> dict:
    return next(m for m in manifests(variant) if m["kind"] == kind)


def pod(variant: str) -> dict:
    return of_kind(variant, "StatefulSet")["spec"]["template"]["spec"]


def environment_of_image() -> dict[str, str]:
    """The variables of the stage that both images run."""
    stage = IMAGE.split("AS runtime")[1].split("WORKDIR")[0].replace("\\\n", " ")
    words = shlex.split(stage.split("ENV ")[1])
    return dict(word.split("=", 1) for word in words)


def test_the_dockerfile_is_sound():
    assert ran(str(BIN / "hadolint"), str(DEPLOY / "Dockerfile")) == ""


def test_the_space_is_a_sound_dockerfile_too(tmp_path):
    whole = tmp_path / "Dockerfile"
    whole.write_text(IMAGE + (DEPLOY / "huggingface" / "Dockerfile.end").read_text("utf-8"), "utf-8")
    assert ran(str(BIN / "hadolint"), str(whole)) == ""


def test_images_copy_what_is_there_and_only_what_the_ignore_file_lets_through():
    allowed = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().split() if line[0] == "!"}
    for line in re.findall(r"^COPY (?!--from)(.+)$", IMAGE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (DEPLOY.parent / source).exists()
            assert source in allowed or (Path(source).suffix == ".lock" and "deploy/*.lock" in allowed)


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_an_image_installs_the_wheel_and_holds_no_sources(target):
    stage = IMAGE.split(f"FROM runtime AS {target}\n")[1].split("\nFROM ")[0]
    assert "pip install --no-cache-dir --no-deps /opt/wheel/*.whl" in stage
    assert re.findall(r"^COPY (.+)$", stage, re.MULTILINE) == [f"--from=build-{target} /opt/venv /opt/venv"]
    assert "COPY" not in IMAGE.split("AS runtime\n")[1].split("\nFROM ")[0]


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_an_image_runs_as_a_user_of_its_own(target):
    stage = IMAGE.split(f"FROM runtime AS {target}\n")[1].split("\nFROM ")[0]
    assert re.findall(r"^USER (.+)$", stage, re.MULTILINE) == ["10001:10001"]


def test_yaml_is_tidy():
    ran(str(BIN / "yamllint"), "--strict", "-d", YAML_RULES, str(DEPLOY))


def test_compose_files_fit_the_specification():
    files = [str(DEPLOY / name) for name in ("compose.yaml", "compose.gpu.yaml")]
    ran(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", *files)


def test_compose_lets_nothing_out_and_writes_nowhere_else():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    inside = compose["networks"]["inside"]
    assert inside["internal"]
    # nginx, which has no fixed address, is believed when it says who asks and that TLS was used.
    access = tomllib.loads((DEPLOY / "access" / "access.toml").read_text("utf-8"))
    assert access["proxies"] == [inside["ipam"]["config"][0]["subnet"]]
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "mem_limit" in service
        if name != "proxy":
            assert service["networks"] == ["inside"]
            assert "ports" not in service


@pytest.mark.parametrize("variant", VARIANTS)
def test_kubernetes_objects_fit_their_schemas(variant):
    for manifest in manifests(variant):
        for version in ("1.31", "1.37"):
            validate(manifest, version, strict=True)


@pytest.mark.parametrize("variant", VARIANTS)
def test_pods_are_restricted(variant):
    spec = pod(variant)
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not spec["automountServiceAccountToken"]
    (server,) = spec["containers"]
    assert server["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"cpu", "memory"} <= server["resources"]["limits"].keys()
    assert (server["readinessProbe"]["httpGet"]["path"], server["livenessProbe"]["httpGet"]["path"]) == (
        "/readyz",
        "/healthz",
    )


def test_the_gpu_variant_asks_for_a_gpu_and_the_cuda_image():
    (server,) = pod("gpu")["containers"]
    assert server["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert server["image"].endswith(":cuda")
    assert "nvidia.com/gpu" not in pod("base")["containers"][0]["resources"]["limits"]


def test_services_ingress_and_policy_mean_the_same_pods_and_port():
    labels = of_kind("base", "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    (server,) = pod("base")["containers"]
    port = server["ports"][0]["containerPort"]
    services = [m for m in manifests("base") if m["kind"] == "Service"]
    assert all(s["spec"]["selector"] == labels for s in services)
    policy = of_kind("base", "NetworkPolicy")["spec"]
    assert policy["podSelector"]["matchLabels"] == labels
    assert policy["ingress"][0]["ports"][0]["port"] == port == 7860
    backend = of_kind("base", "Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] in {s["metadata"]["name"] for s in services}
    assert of_kind("base", "StatefulSet")["spec"]["serviceName"] in {s["metadata"]["name"] for s in services}


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_the_image_writes_to_is_mounted(variant):
    mounts = {m["mountPath"] for m in pod(variant)["containers"][0]["volumeMounts"] if not m.get("readOnly")}
    assert mounts == {"/var/lib/betalens", "/var/cache/betalens", "/tmp"}
    written = {k: v for k, v in environment_of_image().items() if v.startswith(("/var/", "/tmp"))}
    assert all(any(path.startswith(mount) for mount in mounts) for path in written.values()), written


def test_the_unit_sets_what_the_image_sets():
    unit = dict(re.findall(r"^Environment=(\w+)=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE))
    image = environment_of_image()
    del image["PATH"], image["LOGNAME"]  # systemd sets the name itself
    assert unit | {"GRADIO_TEMP_DIR": ""} == image | {"GRADIO_TEMP_DIR": ""}


def test_systemd_knows_every_line_of_the_unit_and_finds_little_to_attack(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not at hand")
    unit = tmp_path / "betalens@7860.service"
    unit.write_text(re.sub(r"^(ExecStart=)\S+", r"\1/bin/true", UNIT.read_text("utf-8"), flags=re.MULTILINE))
    assert ran("systemd-analyze", "verify", "--man=no", str(unit)) == ""
    ran("systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit))  # tenths: at most 2.0 of 10


def test_nginx_takes_its_configuration_and_gixy_finds_nothing(tmp_path):
    main = configured(tmp_path, [7860, 7861])
    certificate(tmp_path)
    said = ran(nginx(), "-t", "-c", str(main), "-p", str(tmp_path), "-e", str(tmp_path / "error.log"))
    assert "successful" in said
    assert "warn" not in said
    report = json.loads(ran(str(BIN / "gixy"), "--format", "json", str(DEPLOY / "nginx" / "betalens.conf")))
    assert report == []


def test_the_header_of_the_space_names_the_port_of_the_image():
    header = yaml.safe_load((DEPLOY / "huggingface" / "README.md").read_text("utf-8").split("---")[1])
    assert header["sdk"] == "docker"
    assert f"EXPOSE {header['app_port']}\n" in IMAGE
    assert len(header["short_description"]) <= 60  # the hub refuses more
