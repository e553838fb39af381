"""Whether there is room: quotas, region access, names, and what else is going on."""

from collections.abc import Callable, Iterator

from services import names
from services.azure.activitylog import ActivityEvent
from services.checks import needed, quota
from services.checks.facts import HELD, Facts, Unknown, ids_of
from services.checks.findings import Judge, found, only, seen, skipped, unread
from services.ids import ArmId, KeyId, same
from services.model.intent import Create, Intent, Kind, WorkspaceSetup, kind_of, noun
from services.model.plan import Finding
from services.model.quota import QuotaLine
from services.model.resources import Workspace

_SERVICE_SIDE = "Service-side encryption makes nothing of the kind in your subscription"


def cosmos_region(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
    """Regions are closed to some subscriptions; "allowed" is not "has capacity"."""
    region = facts.cosmos_location
    if not needed.own_resources(intent):
        yield skipped("cosmos-region", intent.region, _SERVICE_SIDE)
    elif isinstance(region, Unknown):
        title = f"Whether the subscription may use Cosmos DB in {intent.region} could not be read"
        yield unread("cosmos-region", intent.region, title, region)
    elif region is None or not (region.regular or region.zones) or region.status != "Online":
        status = region.status if region else "404"
        yield found(
            "cosmos-region",
            "fail",
            intent.region,
            f"Cosmos DB in {intent.region} is closed to this subscription",
            seen(
                facts,
                "cosmos_location",
                "isSubscriptionRegionAccessAllowedForRegular",
                region.regular if region else "",
            ),
            seen(facts, "cosmos_location", "status", status),
            meaning="Azure answers with ServiceUnavailable (high demand) after minutes, and the"
            " failed account has to be deleted.",
            repair="Choose another region, or ask for access: https://aka.ms/cosmosdbquota",
        )


def cosmos_accounts(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
    """Azure tells no limit."""
    subject = str(ArmId(intent.subscription.lower()))
    if not needed.own_resources(intent):
        yield skipped("cosmos-accounts", subject, _SERVICE_SIDE)
        return
    line = quota.cosmos(intent, facts)
    many = line.used is None or line.used + line.needed > 50
    if many:
        yield found(
            "cosmos-accounts",
            "unknown",
            subject,
            "Whether one more Cosmos DB account fits is not known",
            seen(
                facts, "cosmos_accounts", "value", line.used if line.used is not None else "unread"
            ),
            meaning=f"{line.used if line.used is not None else '??'} are there. {line.note}.",
        )


def search_quota(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
    """Of the sku that Azure probably takes."""
    if not needed.own_resources(intent):
        yield skipped("search-quota", intent.region, _SERVICE_SIDE)
        return
    line = quota.search(intent, facts)
    yield from quota_finding("search-quota", intent, facts, line, "search_usages")


def storage_quota(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
    """Accounts of a subscription in a region."""
    yield from quota_finding(
        "storage-quota", intent, facts, quota.storage(intent, facts), "storage_usages"
    )


def ml_quota(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
    """Workspaces; a quota of cores that is used up is a warning, for the first job needs some."""
    room = quota.workspaces(intent, facts)
    yield from quota_finding("ml-quota", intent, facts, room, "group_workspaces")
    for line in quota.machine_learning(intent, facts):
        yield from quota_finding("ml-quota", intent, facts, line, "ml_usages")
        if line.needed == 0 and line.left is not None and line.limit != -1 and line.left <= 0:
            yield found(
                "ml-quota",
                "warn",
                intent.region,
                f"{line.service}: none is left of {line.limit}",
                seen(facts, "ml_usages", "currentValue", line.used),
                meaning="The workspace can be made. Its computes can't.",
                repair=quota.more(intent, facts),
                part=line.service,
            )


def quota_finding(
    check: str, intent: Intent, facts: Facts, line: QuotaLine, fact: str
) -> Iterator[Finding]:
    """What a line of a quota means for the plan."""
    if line.fits is None:
        title = f"The quota of {line.service} is not known"
        yield unread(check, intent.region, title, Unknown(line.note), part=line.service)
    elif not line.fits and line.needed:
        offered = "" if line.limit else " The limit is 0: this sku is not offered to you there."
        yield found(
            check,
            "fail",
            intent.region,
            f"{line.service} in {intent.region}: {line.used} of {line.limit} used, {line.needed}"
            " more needed",
            seen(facts, fact, "currentValue", line.used),
            seen(facts, fact, "limit", line.limit),
            meaning=f"Azure refuses what goes beyond it (ServiceQuotaExceeded).{offered}",
            repair=quota.more(intent, facts),
            part=line.service,
        )


def search_capacity(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
    """Nobody tells."""
    if not needed.own_resources(intent):
        yield skipped("search-capacity", intent.region, _SERVICE_SIDE)
        return
    yield found(
        "search-capacity",
        "unknown",
        intent.region,
        f"Whether {intent.region} has room for AI Search and Cosmos DB today is not known",
        meaning="No API of Azure tells free capacity in advance. Quota and region access say"
        ' "allowed"; InsufficientResourcesAvailable is still possible.',
        repair="If it happens: another region, or another day.",
    )


def names_rules(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
    """What an intent file says is judged when it is read; screens and derived names are here."""
    wish = intent.workspace
    wanted = [
        ("resource_group", intent.resource_group),
        ("vault", intent.vault.name),
        ("key", intent.key.name),
        ("workspace", wish.name),
    ]
    fields = {"storage": "storage", "insights": "insights", "registry": "registry"}
    fields |= {"secrets_vault": "vault", "identity": "identity"}
    for field, kind in fields.items():
        value = getattr(wish, field)
        if isinstance(value, Create):
            wanted.append((kind, value.create))
    for kind, name in wanted:
        wrong = names.problem(kind, name)
        if wrong:
            yield found(
                "names-rules",
                "fail",
                name,
                f"{name} is no name for a {kind.replace('_', ' ')}",
                meaning=wrong,
                repair="Choose another name.",
                part=kind,
            )


def _name(check: str, what: str) -> Callable[[WorkspaceSetup, Facts], Iterator[Finding]]:
    """A judge of whether a name is free in the whole cloud."""
    fact = check.replace("-", "_")

    def judge(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
        answer = facts.names.get(fact)
        if answer is None:
            yield skipped(check, what, f"No {what} is made")
        elif isinstance(answer, Unknown):
            yield unread(
                check, what, f"Whether the {what}'s name is free could not be asked", answer
            )
        elif not answer.available:
            yield found(
                check,
                "fail",
                what,
                f"The name of the {what} can't be used: {answer.message or answer.reason}",
                seen(facts, fact, "reason", answer.reason),
                meaning="Such names are unique in the whole cloud, other tenants included.",
                repair="Name another one in the intent, table [workspace].",
            )

    return judge


def workspace(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
    """Encryption can't be changed later."""
    there, name = facts.workspace, intent.workspace.name
    if isinstance(there, Unknown):
        subject = str(ids_of(intent).target)
        yield unread("workspace", subject, f"{name} could not be read", there)
    elif there is not None and not is_wanted(intent, there):
        how = there.encryption.key_id if there.encryption else "Microsoft's keys"
        yield found(
            "workspace",
            "fail",
            there.id,
            f"Workspace {there.name} exists and is encrypted with {how}",
            seen(facts, "workspace", "properties.encryption.keyVaultProperties.keyIdentifier", how),
            meaning="How a workspace is encrypted is chosen when it is made.",
            repair="Choose another name.",
        )


def is_wanted(intent: WorkspaceSetup, found: Workspace) -> bool:
    """Whether an existing workspace is the one the intent describes, as far as can't change."""
    encryption = found.encryption
    if encryption is None or not same(encryption.vault_id, str(ids_of(intent).vault)):
        return False
    mode = "service-side" if encryption.service_side else "own-resources"
    return mode == intent.workspace.encryption and _key_matches(intent, encryption.key_id)


def _key_matches(intent: WorkspaceSetup, key_id: str) -> bool:
    used = KeyId.parse(key_id)
    pinned = intent.key.version
    return used.name.lower() == intent.key.name.lower() and (
        pinned == "latest" or used.version == pinned.lower()
    )


def workspace_deleted(intent: WorkspaceSetup, facts: Facts) -> Iterator[Finding]:
    """Azure has no list of deleted workspaces; a managed group that outlived one tells for sure.

    The activity log tells of deletes, not whether they were for good.
    """
    id, name = str(ids_of(intent).target), intent.workspace.name
    if facts.workspace is not None:
        yield skipped("workspace-deleted", id, f"{name} is there")
        return
    purge = f"az ml workspace delete -n {name} -g {intent.resource_group} --permanently-delete"
    if not isinstance(facts.managed_groups, Unknown):
        kept = [one for one in facts.managed_groups if same(one.managed_by, id)]
        if kept:
            yield found(
                "workspace-deleted",
                "fail",
                id,
                f"A deleted workspace {name} holds the name: its group {kept[0].name} is still there",
                seen(facts, "managed_groups", "managedBy", kept[0].managed_by),
                meaning="Azure keeps a deleted workspace for 14 days, its name with it, and bills"
                " its managed group.",
                repair=f"Choose another name, or delete it for good: {purge}",
                irreversible=True,
            )
            return
    deletes = facts.workspace_deletes
    if not isinstance(deletes, Unknown) and deletes:
        yield _was_deleted(intent, facts, deletes[0], purge)
        return
    known = ["no managed group of one is left"]
    if isinstance(facts.managed_groups, Unknown):
        known = ["resource groups could not be listed"]
    if isinstance(deletes, Unknown):
        known.append(f"the activity log could not be read ({deletes.reason})")
    else:
        known.append("the activity log tells of no delete in the last 14 days")
    yield found(
        "workspace-deleted",
        "unknown",
        id,
        f"Whether a deleted workspace holds the name {name} is not known",
        seen(facts, "managed_groups", "managedBy", "none of this workspace"),
        seen(facts, "workspace_deletes", "operationName", "no delete"),
        meaning=f"Azure has no list of deleted workspaces. Known is: {', '.join(known)}.",
        repair=f'If Azure says "Soft-deleted workspace exists": {purge}',
    )


def _was_deleted(
    intent: WorkspaceSetup, facts: Facts, delete: ActivityEvent, purge: str
) -> Finding:
    name, until = intent.workspace.name, delete.at + HELD
    return found(
        "workspace-deleted",
        "unknown",
        str(ids_of(intent).target),
        f"A workspace {name} was deleted on {delete.at:%-d %b %Y}: it may hold the name until"
        f" {until:%-d %b %Y}",
        seen(facts, "workspace_deletes", "eventTimestamp", f"{delete.at:%Y-%m-%dT%H:%M:%SZ}"),
        seen(facts, "workspace_deletes", "caller", delete.caller),
        seen(facts, "workspace_deletes", "correlationId", delete.correlation_id),
        meaning="The activity log does not tell whether it was deleted for good. If not, Azure"
        " keeps its name for 14 days.",
        repair=f"Ask {delete.caller}, choose another name, or delete it for good: {purge}",
        irreversible=True,
    )


def deployment_running(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Two at once get into each other's way."""
    group = str(ids_of(intent).group)
    if isinstance(facts.deployments, Unknown):
        yield unread(
            "deployment-running",
            group,
            "Running deployments could not be listed",
            facts.deployments,
        )
        return
    for one in facts.deployments:
        yield found(
            "deployment-running",
            "warn",
            group,
            f"Deployment {one.name} is running in {intent.resource_group}",
            seen(facts, "deployments", "properties.provisioningState", one.state),
            meaning="It may make or change the same resources.",
            repair=f"Wait until it is done: az deployment group wait -g {intent.resource_group}"
            f" -n {one.name} --created",
            part=one.name,
        )


def _validate(check: str) -> Judge:
    """A judge of what Resource Manager says of the template."""

    def judge(intent: Intent, facts: Facts) -> Iterator[Finding]:
        id, told = str(ids_of(intent).target), facts.validation
        if isinstance(told, Unknown):
            title = f"Resource Manager could not be asked to validate the {noun(intent)}"
            yield unread(check, id, title, told)
        elif told is not None:
            yield found(
                check,
                "fail",
                id,
                f"Resource Manager refuses the {noun(intent)}: {told.code}",
                seen(facts, "validation", "error.code", told.code),
                meaning=told.message,
            )
        elif "validation" not in facts.asked:
            yield skipped(check, id, _NOT_ASKED[kind_of(intent)])

    return judge


_BY_THEMSELVES = "Policy, providers and regions are checked by themselves."
_NOT_ASKED: dict[Kind, str] = {
    "workspace": "Group, vault or key are still to be made: a template can't name them yet."
    f" {_BY_THEMSELVES}",
    "container-group": "The container group is there, or its resource group, vault, key or identity"
    f" is still to be made: a template can't name them yet. {_BY_THEMSELVES}",
    "cluster": "The cluster is there, or its resource group, vault, key, identity or a set of"
    f" another group is still to be made: a template can't name them yet. {_BY_THEMSELVES}",
}


JUDGES: dict[str, Judge] = {
    "deployment-running": deployment_running,
    "workspace-validate": _validate("workspace-validate"),
    "container-group-validate": _validate("container-group-validate"),
    "cluster-validate": _validate("cluster-validate"),
    **only(
        WorkspaceSetup,
        {
            "cosmos-region": cosmos_region,
            "cosmos-accounts": cosmos_accounts,
            "search-quota": search_quota,
            "search-capacity": search_capacity,
            "storage-quota": storage_quota,
            "ml-quota": ml_quota,
            "names-rules": names_rules,
            "storage-name": _name("storage-name", "storage account"),
            "secrets-vault-name": _name("secrets-vault-name", "vault for secrets"),
            "registry-name": _name("registry-name", "container registry"),
            "workspace": workspace,
            "workspace-deleted": workspace_deleted,
        },
    ),
}
