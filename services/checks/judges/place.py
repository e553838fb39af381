"""Whether this is the cloud, the tenant and a subscription the intent is for."""

from collections.abc import Iterator

from services.checks import needed
from services.checks.facts import Facts, Unknown
from services.checks.findings import Judge, found, seen, unread
from services.checks.regions import needed_of
from services.model.intent import Intent, kind_of, noun
from services.model.plan import Finding

RUNNING = ("NotRegistered", "Registering", "Unregistering", "Unregistered")


LATE = "; in the managed group it does so after minutes"


def cloud(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """The intent may name its cloud."""
    return _same("cloud", intent.cloud, facts.cloud.name, facts)


def tenant(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """The intent may name its tenant."""
    return _same("tenant", intent.tenant, facts.tenant, facts)


def _same(check: str, wanted: str, real: str, facts: Facts) -> Iterator[Finding]:
    if wanted and wanted.lower() != real.lower():
        yield found(
            check,
            "fail",
            real,
            f"The intent is for {check} {wanted}, this is {real}",
            seen(facts, "sign-in", check, real),
            meaning=f"Sign in to the intent's {check}, or take the line out of the intent.",
        )


def subscription(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Nothing else can be judged in a subscription that is not seen."""
    if not facts.visible:
        yield found(
            "subscription",
            "fail",
            f"/subscriptions/{intent.subscription.lower()}",
            f"You ({facts.caller.name}) do not see subscription {intent.subscription}",
            seen(facts, "subscription", "subscriptionId", "none"),
            meaning="It is in another tenant, or you have no role in it. Sign in to its tenant, or"
            " ask for a role.",
        )


def provider_registered(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """A registration that is under way is not enough for the first resource (F22)."""
    subject = f"/subscriptions/{intent.subscription.lower()}"
    if isinstance(facts.providers, Unknown):
        title = "Registered resource providers could not be read"
        yield unread("provider-registered", subject, title, facts.providers)
        return
    for namespace in needed.namespaces(intent):
        state = facts.providers.get(namespace.lower(), "NotRegistered")
        if state != "Registered":
            yield found(
                "provider-registered",
                "fix",
                subject,
                f"Provider {namespace} is not registered ({state})",
                seen(facts, "providers", f"{namespace}.registrationState", state),
                meaning="Azure refuses the first resource of a provider that is not registered"
                f" (MissingSubscriptionRegistration)"
                f"{LATE if kind_of(intent) == 'workspace' else ''}.",
                repair=f"A step registers it: az provider register --namespace {namespace}",
                part=namespace,
            )


def region_offered(intent: Intent, facts: Facts) -> Iterator[Finding]:
    """Offered there says nothing about room there."""
    if isinstance(facts.providers, Unknown):
        title = f"Whether {intent.region} offers every service could not be read"
        yield unread("region-offered", intent.region, title, facts.providers)
        return
    for namespace, (kind, service) in needed_of(intent).items():
        offered = facts.offers.get(f"{namespace}/{kind}".lower(), ())
        if offered and intent.region.lower() not in offered:
            yield found(
                "region-offered",
                "fail",
                intent.region,
                f"{intent.region} has no {service}",
                seen(facts, "providers", f"{namespace}/{kind}.locations", ", ".join(offered)),
                meaning=f"Azure makes what belongs to the {noun(intent)} in its own region.",
                repair=f"Choose a region that has {service}, for example {offered[0]}.",
                part=service,
            )


JUDGES: dict[str, Judge] = {
    "cloud": cloud,
    "tenant": tenant,
    "subscription": subscription,
    "provider-registered": provider_registered,
    "region-offered": region_offered,
}
