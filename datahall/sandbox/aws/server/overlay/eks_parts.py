"""The parts of an EKS cluster that moto lacks, as operations that `eks.Responses` takes in.

Add-ons, access entries with their policies, pod identity associations and updates are kept in AWS's own
shape, in tables keyed by (cluster, id) joined with a slash.
"""

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.eks.models import Cluster
from moto.eks.responses import EKSResponse
from moto.moto_api._internal import mock_random

from datahall.sandbox.aws.server.overlay import known
from datahall.sandbox.aws.server.overlay.common import Doc, refuse, request_of, table, unique
from datahall.sandbox.aws.server.overlay.eks_data import ACCESS_POLICIES, ACCESS_TYPES, ADDONS

_POLICY = "arn:aws:eks::aws:cluster-access-policy/"
_CHILDREN = ("addons", "access_entries", "pod_identities", "updates")
_BUILD = re.compile(r"v\d+\.\d+\.\d+(-[a-z0-9.]+)*")


class Parts(EKSResponse):
    """Operations on what belongs to a cluster."""

    def forget(self, cluster: str) -> None:
        """Drop all that belongs to a cluster."""
        for name in _CHILDREN:
            store = table(self.eks_backend, name)
            for identifier in [key for key in store if key.startswith(f"{cluster}/")]:
                del store[identifier]

    # Add-ons

    def create_addon(self) -> ActionResult:
        """Add a known add-on, in a version that is one."""
        sent = request_of(self)
        cluster, name = self._cluster(sent), sent["addonName"]
        if name not in ADDONS:
            refuse("InvalidParameterException", f"Addon {name} specified is not supported")
        version: str = sent.get("addonVersion", ADDONS[name])
        self._check_addon(sent, version)
        addon = {
            **sent,
            **self._born(cluster, "addon", name, uuid=True),
            "addonVersion": version,
            "status": "ACTIVE",
            "health": {"issues": []},
            "owner": "aws",
            "publisher": "eks",
        }
        addon["podIdentityAssociations"] = self._addon_identities(cluster.name, addon, sent)
        text = f"Addon already exists: {name} in cluster: {cluster.name}"
        return ActionResult({"addon": self._keep("addons", cluster.name, name, addon, text)})

    def describe_addon(self) -> ActionResult:
        """Return an add-on."""
        return ActionResult({"addon": self._addon(request_of(self))})

    def update_addon(self) -> ActionResult:
        """Change an add-on's version, role or configuration."""
        sent = request_of(self)
        addon = self._addon(sent)
        self._check_addon(sent, str(sent.get("addonVersion", addon["addonVersion"])))
        names = ("addonVersion", "serviceAccountRoleArn", "configurationValues")
        addon.update({name: sent[name] for name in names if name in sent} | {"modifiedAt": utcnow()})
        if "podIdentityAssociations" in sent:
            self._drop_identities(addon)
            addon["podIdentityAssociations"] = self._addon_identities(sent["clusterName"], addon, sent)
        return self.updated(sent["clusterName"], "AddonUpdate", sent)

    def delete_addon(self) -> ActionResult:
        """Remove an add-on and its pod identities."""
        sent = request_of(self)
        addon = self._addon(sent)
        self._drop_identities(addon)
        del table(self.eks_backend, "addons")[f"{sent['clusterName']}/{sent['addonName']}"]
        return ActionResult({"addon": {**addon, "status": "DELETING"}})

    def list_addons(self) -> ActionResult:
        """List a cluster's add-ons."""
        return ActionResult({"addons": [addon["addonName"] for addon in self._of("addons")]})

    def describe_addon_versions(self) -> ActionResult:
        """List the known add-ons, each in one version."""
        wanted = request_of(self).get("addonName")
        found = [
            {
                "addonName": name,
                "type": "eks",
                "owner": "aws",
                "publisher": "eks",
                "addonVersions": [{"addonVersion": version, "compatibilities": [{"defaultVersion": True}]}],
            }
            for name, version in ADDONS.items()
            if wanted in (None, name)
        ]
        return ActionResult({"addons": found})

    # Access entries

    def create_access_entry(self) -> ActionResult:
        """Let an existing principal in, where the cluster's authentication mode has an API."""
        sent = request_of(self)
        cluster, arn = self._cluster(sent), sent["principalArn"]
        self._with_api(cluster)
        if not known.principal(self.eks_backend, arn):
            refuse(
                "InvalidParameterException", f"The specified principalArn is invalid: {arn} does not exist."
            )
        if sent.get("type", "STANDARD") not in ACCESS_TYPES:
            refuse("InvalidParameterException", f"The type must be one of {', '.join(ACCESS_TYPES)}")
        text = "The specified access entry resource is already in use on this cluster."
        return ActionResult({"accessEntry": self.admit(cluster, sent, taken=text)})

    def admit(self, cluster: Cluster, sent: Doc, *, taken: str) -> Doc:
        """Keep an access entry, with what AWS fills in."""
        arn: str = sent["principalArn"]
        kind, _, name = arn.rpartition(":")[2].partition("/")
        nodes = sent.get("type", "STANDARD") != "STANDARD"
        entry = {
            "kubernetesGroups": ["system:nodes"] if nodes else [],
            "username": "system:node:{{EC2PrivateDNSName}}" if nodes else arn,
            "type": "STANDARD",
            **sent,
            **self._born(cluster, "access-entry", f"{kind}/{self.current_account}/{name}", uuid=True),
        }
        return self._keep("access_entries", cluster.name, arn, {**entry, "policies": {}}, taken)

    def describe_access_entry(self) -> ActionResult:
        """Return an access entry."""
        return ActionResult({"accessEntry": self._entry(request_of(self))})

    def update_access_entry(self) -> ActionResult:
        """Change its groups or user name."""
        sent = request_of(self)
        entry = self._entry(sent)
        names = ("kubernetesGroups", "username")
        entry.update({name: sent[name] for name in names if name in sent} | {"modifiedAt": utcnow()})
        return ActionResult({"accessEntry": entry})

    def delete_access_entry(self) -> ActionResult:
        """Remove it."""
        sent = request_of(self)
        self._entry(sent)
        del table(self.eks_backend, "access_entries")[f"{sent['clusterName']}/{sent['principalArn']}"]
        return EmptyResult()

    def list_access_entries(self) -> ActionResult:
        """List the principals let in."""
        return ActionResult(
            {"accessEntries": [entry["principalArn"] for entry in self._of("access_entries")]}
        )

    def list_access_policies(self) -> ActionResult:
        """List the policies that can be associated."""
        found = [{"name": name, "arn": _POLICY + name} for name in ACCESS_POLICIES]
        return ActionResult({"accessPolicies": found})

    def associate_access_policy(self) -> ActionResult:
        """Give an access entry one of AWS's policies."""
        sent = request_of(self)
        entry, arn, scope = self._entry(sent), sent["policyArn"], sent["accessScope"]
        if arn.removeprefix(_POLICY) not in ACCESS_POLICIES:
            refuse("InvalidParameterException", f"The policyArn parameter format is not valid: {arn}")
        if (scope.get("type") == "namespace") != bool(scope.get("namespaces")):
            refuse(
                "InvalidParameterException", "Namespaces are needed for, and only for, the namespace scope"
            )
        if entry["type"] != "STANDARD":
            refuse("InvalidRequestException", "Access policies can only be associated to STANDARD entries")
        born = entry["policies"].get(arn, {"associatedAt": utcnow()})
        policy = {**born, "policyArn": arn, "accessScope": scope, "modifiedAt": utcnow()}
        entry["policies"][arn] = policy
        return ActionResult({**sent, "associatedAccessPolicy": policy})

    def disassociate_access_policy(self) -> ActionResult:
        """Take it back."""
        sent = request_of(self)
        entry = self._entry(sent)
        if entry["policies"].pop(sent["policyArn"], None) is None:
            refuse("ResourceNotFoundException", f"No associated policy {sent['policyArn']} found")
        return EmptyResult()

    def list_associated_access_policies(self) -> ActionResult:
        """List an access entry's policies."""
        sent = request_of(self)
        return ActionResult(
            {**sent, "associatedAccessPolicies": list(self._entry(sent)["policies"].values())}
        )

    # Pod identities

    def create_pod_identity_association(self) -> ActionResult:
        """Give a service account an existing role."""
        sent = request_of(self)
        return ActionResult({"association": self._associate(self._cluster(sent), sent)})

    def describe_pod_identity_association(self) -> ActionResult:
        """Return an association."""
        return ActionResult({"association": self._identity(request_of(self))})

    def update_pod_identity_association(self) -> ActionResult:
        """Change its role."""
        sent = request_of(self)
        found = self._identity(sent)
        if "roleArn" in sent:
            self.check_role(sent["roleArn"])
        names = ("roleArn", "disableSessionTags", "targetRoleArn", "policy")
        found.update({name: sent[name] for name in names if name in sent} | {"modifiedAt": utcnow()})
        return ActionResult({"association": found})

    def delete_pod_identity_association(self) -> ActionResult:
        """Remove it."""
        sent = request_of(self)
        found = self._identity(sent)
        del table(self.eks_backend, "pod_identities")[f"{sent['clusterName']}/{sent['associationId']}"]
        return ActionResult({"association": found})

    def list_pod_identity_associations(self) -> ActionResult:
        """List a cluster's associations, by namespace and service account where asked."""
        sent = request_of(self)
        wanted = {name: sent[name] for name in ("namespace", "serviceAccount") if name in sent}
        found = [one for one in self._of("pod_identities") if wanted.items() <= one.items()]
        return ActionResult({"associations": found})

    def _associate(self, cluster: Cluster, sent: Doc, owner: str | None = None) -> Doc:
        self.check_role(sent["roleArn"])
        place = (sent["namespace"], sent["serviceAccount"])
        if any(
            (one["namespace"], one["serviceAccount"]) == place for one in self._of("pod_identities", cluster)
        ):
            text = "Association already exists: a-{} in cluster: {}"
            refuse("ResourceInUseException", text.format("/".join(place), cluster.name))
        identifier = unique("a-")
        born = self._born(cluster, "podidentityassociation", identifier)
        association = {
            **sent,
            **born,
            "associationArn": born["podidentityassociationArn"],
            "associationId": identifier,
            **({"ownerArn": owner} if owner else {}),
        }
        return self._keep("pod_identities", cluster.name, identifier, association, "taken")

    def _addon_identities(self, cluster: str, addon: Doc, sent: Doc) -> list[str]:
        found = self.eks_backend.describe_cluster(cluster)
        wanted = sent.get("podIdentityAssociations", [])
        made = [
            self._associate(found, {**one, "namespace": "kube-system"}, addon["addonArn"]) for one in wanted
        ]
        return [one["associationArn"] for one in made]

    def _drop_identities(self, addon: Doc) -> None:
        store = table(self.eks_backend, "pod_identities")
        for key in [key for key, one in store.items() if one.get("ownerArn") == addon["addonArn"]]:
            del store[key]

    # Updates

    def updated(self, cluster: str, kind: str, sent: Doc) -> ActionResult:
        """Keep and return the update that a change amounts to; ours are done at once."""
        skip = ("name", "clusterName", "clientRequestToken")
        params = [
            {"type": name[0].upper() + name[1:], "value": str(sent[name])}
            for name in sent
            if name not in skip
        ]
        update = {
            "id": str(mock_random.uuid4()),
            "status": "Successful",
            "type": kind,
            "params": params,
            "createdAt": utcnow(),
            "errors": [],
        }
        table(self.eks_backend, "updates")[f"{cluster}/{update['id']}"] = update
        return ActionResult({"update": update})

    def describe_update(self) -> ActionResult:
        """Return an update."""
        sent = request_of(self)
        text = f"No update found for ID: {sent['updateId']}"
        return ActionResult({"update": self._find("updates", sent["name"], sent["updateId"], text)})

    def list_updates(self) -> ActionResult:
        """List a cluster's updates."""
        return ActionResult({"updateIds": [update["id"] for update in self._of("updates")]})

    # Common

    def check_role(self, arn: str) -> None:
        """Refuse a role that does not exist."""
        if not known.role(self.eks_backend, arn):
            text = (
                f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity"
            )
            refuse("InvalidParameterException", f"{text} is not correct")

    def _check_addon(self, sent: Doc, version: str) -> None:
        if not _BUILD.fullmatch(version):
            refuse("InvalidParameterException", "Addon version specified is not supported")
        if "serviceAccountRoleArn" in sent:
            self.check_role(sent["serviceAccountRoleArn"])

    def _cluster(self, sent: Doc) -> Cluster:
        return self.eks_backend.describe_cluster(sent.get("clusterName") or sent["name"])

    def _with_api(self, cluster: Cluster) -> None:
        if "API" not in cluster.accessConfig["authenticationMode"]:  # type: ignore[attr-defined]  # echoed by us
            text = (
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform"
            )
            refuse("InvalidRequestException", f"{text} this operation.")

    def _born(self, cluster: Cluster, kind: str, name: str, *, uuid: bool = False) -> Doc:
        arn = cluster.arn.replace(":cluster/", f":{kind}/") + f"/{name}" + (f"/{mock_random.uuid4()}" * uuid)
        words = kind.split("-")
        member = words[0] + "".join(word.capitalize() for word in words[1:]) + "Arn"
        now = utcnow()
        return {"clusterName": cluster.name, member: arn, "createdAt": now, "modifiedAt": now}

    def _keep(self, name: str, cluster: str, identifier: str, resource: Doc, taken: str) -> Doc:
        store = table(self.eks_backend, name)
        if f"{cluster}/{identifier}" in store:
            refuse("ResourceInUseException", taken)
        resource.setdefault("tags", {})
        store[f"{cluster}/{identifier}"] = resource
        return resource

    def _find(self, name: str, cluster: str, identifier: str, text: str) -> Doc:
        self.eks_backend.describe_cluster(cluster)
        found = table(self.eks_backend, name).get(f"{cluster}/{identifier}")
        if found is None:
            refuse("ResourceNotFoundException", text)
        return found

    def _of(self, name: str, cluster: Cluster | None = None) -> list[Any]:
        owner = (cluster or self._cluster(request_of(self))).name
        return [one for key, one in table(self.eks_backend, name).items() if key.startswith(f"{owner}/")]

    def _addon(self, sent: Doc) -> Doc:
        text = f"No addon: {sent['addonName']} found in cluster: {sent['clusterName']}"
        return self._find("addons", sent["clusterName"], sent["addonName"], text)

    def _entry(self, sent: Doc) -> Doc:
        text = f"The specified principalArn could not be found: {sent['principalArn']}"
        return self._find("access_entries", sent["clusterName"], sent["principalArn"], text)

    def _identity(self, sent: Doc) -> Doc:
        text = f"Association not found: {sent['associationId']}"
        return self._find("pod_identities", sent["clusterName"], sent["associationId"], text)
