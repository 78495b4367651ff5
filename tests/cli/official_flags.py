"""The official CLI's verbs for stacks and their flags (3.260, from its --help), but for -C, -s and -h."""

from __future__ import annotations

from typing import Final

FLAGS: Final[dict[str, str]] = {
    "preview": (
        "--attach-debugger --config --config-file --config-path --debug --diff --exclude "
        "--exclude-dependents --expect-no-changes --ignore-protect --import-file --json --message "
        "--neo --override-env --parallel --policy-pack --policy-pack-config --refresh --replace "
        "--run-program --save-plan --show-config --show-full-output --show-policy-remediations "
        "--show-reads --show-replacement-steps --show-sames --show-secrets --skip-config-validation "
        "--skip-plugin-pre-install --suppress-outputs --suppress-permalink --suppress-progress "
        "--target --target-dependents --target-replace --urns"
    ),
    "every verb": (
        "--disable-integrity-checking --emoji --fully-qualify-stack-names --logflow --logtostderr "
        "--memprofilerate --otel-traces --profiling --tracing --verbose"
    ),
    "up": (
        "--attach-debugger --config --config-file --config-path --continue-on-error --debug --diff "
        "--exclude --exclude-dependents --expect-no-changes --ignore-protect --json --message --neo "
        "--override-env --parallel --policy-pack --policy-pack-config --refresh --replace "
        "--run-program --secrets-provider --show-config --show-full-output --show-policy-remediations "
        "--show-reads --show-replacement-steps --show-sames --show-secrets --skip-config-validation "
        "--skip-plugin-pre-install --skip-preview --strict --suppress-outputs --suppress-permalink "
        "--suppress-progress --target --target-dependents --target-replace --urns --yes"
    ),
    "refresh": (
        "--clear-pending-creates --config --config-file --config-path --debug --diff --exclude "
        "--exclude-dependents --expect-no-changes --import-pending-creates --json --message --neo "
        "--override-env --parallel --preview-only --run-program --show-replacement-steps --show-sames "
        "--skip-config-validation --skip-pending-creates --skip-plugin-pre-install --skip-preview "
        "--suppress-outputs --suppress-permalink --suppress-progress --target --target-dependents "
        "--urns --yes"
    ),
    "destroy": (
        "--config --config-file --config-path --continue-on-error --debug --diff --exclude "
        "--exclude-protected --ignore-protect --json --message --neo --override-env --parallel "
        "--preview-only --refresh --remove --run-program --show-config --show-full-output "
        "--show-replacement-steps --show-sames --skip-config-validation --skip-plugin-pre-install "
        "--skip-preview --suppress-outputs --suppress-permalink --suppress-progress --target "
        "--target-dependents --urns --yes"
    ),
    "import": (
        "--config-file --debug --diff --file --from --generate-code --generate-resources --json "
        "--message --out --parallel --parent --preview-only --properties --protect --provider "
        "--skip-plugin-pre-install --skip-preview --suppress-outputs --suppress-permalink "
        "--suppress-progress --urns --yes"
    ),
    "cancel": "--yes",
    "stack": "--output --show-ids --show-name --show-secrets --show-urns",
    "stack init": "--copy-config-from --no-select --secrets-provider --teams --yes",
    "stack ls": "--all --organization --output --project --tag",
    "stack rm": "--force --preserve-config --remove-backups --yes",
    "stack rename": "",
    "stack output": "--json --shell --show-secrets",
    "stack export": "--file --show-secrets --version",
    "stack import": "--file --force",
    "stack graph": (
        "--dependency-edge-color --dot-fragment --ignore-dependency-edges --ignore-parent-edges "
        "--parent-edge-color --short-node-name"
    ),
    "stack change-secrets-provider": "",
    "stack history": "--full-dates --output --page --page-size --show-secrets",
    "stack unselect": "",
    "stack select": "--create --secrets-provider",
    "state get": "--output --show-secrets",
    "state delete": "--all --force --target-dependents --yes",
    "state rename": "--yes",
    "state move": "--dest --include-parents --source --yes",
    "state repair": "--yes",
    "state protect": "--all --yes",
    "state unprotect": "--all --yes",
    "state taint": "--yes",
    "state untaint": "--all --yes",
    "state upgrade": "--yes",
    "config": "--config-file --json --open --show-secrets",
    "config get": "--config-file --json --open --path",
    "config set": "--config-file --path --plaintext --raw --secret --type",
    "config set-all": "--config-file --json --path --plaintext --secret",
    "config rm": "--config-file --path",
    "config rm-all": "--config-file --path",
    "config cp": "--config-file --dest --path",
    "config refresh": "--config-file --force",
    "config env": "--config-file",
}
ALIASES: Final[dict[str, str]] = {
    "preview": "preview pre",
    "up": "up update",
    "destroy": "destroy down dn",
    "stack init": "new init create setup",
    "stack ls": "list ls",
    "stack rm": "remove rm delete",
    "stack history": "history hist",
    "state delete": "remove rm delete",
    "state move": "move mv",
    "config rm": "remove rm delete",
    "config rm-all": "remove-all rm-all delete-all",
    "config cp": "copy cp",
}
