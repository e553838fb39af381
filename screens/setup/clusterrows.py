"""Rows and words of the cluster's page: what can be chosen, and what each choice means."""

from collections.abc import Iterator

from screens.widgets.table import Column, Row
from services.checks.facts import Unknown
from services.checks.nodefit import DOUBLE, key_word, number, oldest, open_zones, size_fit
from services.ids import ArmId
from services.model.resources import KubernetesVersion, VmSize
from services.setup.clusterchoice import Choice

NEW, NONE = "+", "none"
DEFAULT = "default"

OPTIONS = {
    "tier": (
        ("free", "free", "no agreement on uptime; to try things out"),
        ("standard", "standard", "99.9 to 99.95 % for the API server, by the hour"),
    ),
    "os_disk": (
        ("managed", "managed", "a new key version reaches it within an hour"),
        ("ephemeral", "ephemeral", "on the node; new versions need new nodes"),
    ),
    "encryption": (
        ("customer-key", "your key", "encrypted once, with your key"),
        ("double", "double", "with a key of the platform too; for good"),
    ),
    "rotate": (
        ("yes", "follow", "the set names the key without a version"),
        ("no", "stay", "the set names one version until you change it"),
    ),
}
"""Value, word and hint of each choice that needs nothing from Azure."""

TITLES = {
    "tier": "Which tier of the cluster?",
    "os_disk": "Where do the OS disks lie?",
    "encryption": "How does the set encrypt?",
    "rotate": "What happens when the key gets a new version?",
}

NOTES = {
    "name": "Before it is made: which disk encryption set encrypts the OS disks is settled for the "
    "cluster's whole life. Another set takes another cluster. Data disks can follow later.",
    "kubernetes": "",
    "tier": "free suits trials and fewer than 10 nodes. standard adds an agreement on the uptime "
    "of the API server. The tier can be changed later; premium is not offered here.",
    "node_size": "Every size that Compute lists for the region, with what the subscription may "
    "not have. System nodes need two cores at least.",
    "node_count": "1 to 1000. The review compares their cores with your quota; an upgrade of the "
    "nodes takes one more for a while.",
    "zones": "Nodes in several zones survive the loss of one. Settled when the cluster is made. "
    "Kubernetes Service may accept fewer zones than Compute lists.",
    "os_disk": "managed: Compute wraps the disks anew, nodes run on. ephemeral: faster and free, "
    "but nodes keep the version they were made with until their pool is scaled to 0 and up again "
    "or gets a new image.",
    "set": "The set stands between key and disks; its identity wraps the data key of each disk. A "
    "set for another key can't serve: its disks would be encrypted by that one.",
    "encryption": "your key: disks are encrypted once. double: with a key of the platform and "
    "yours, against one of the two being broken. A set keeps its type for good.",
    "rotate": "follow: the key's URL has no version, and a new one is taken within an hour. stay: "
    "the URL names the version, and every rotation is yours to make.",
    "tags": "Put on everything that is made: set, cluster, identity, group.",
}
"""What a row is about, while it has the focus."""

VERSIONS = (Column("Version"), Column("", 26), Column("Patches", prose=True))
SIZES = (
    Column("Size"),
    Column("Family", 8),
    Column("Cores", 5, right=True),
    Column("GB", 4, right=True),
    Column("Eph.", 4),
    Column("Zones", 5),
    Column("Fit", status=True),
    Column("Because", 14, prose=True),
)
SETS = (
    Column("Name"),
    Column("Group", 10),
    Column("Rotates", 7),
    Column("Fit", status=True),
    Column("Its key, and why", 27, prose=True),
)


def versions(offered: tuple[KubernetesVersion, ...]) -> list[Row]:
    """The service's own default, then what is offered, newest first."""
    own = next((one.version for one in offered if one.default), "")
    first = Row(DEFAULT, (DEFAULT, f"now {own}" if own else "as the service says", ""))
    newest = sorted(offered, key=lambda one: number(one.version), reverse=True)
    low = newest[-1].version if newest else ""
    return [first, *(_version(one, low) for one in newest)]


def _version(one: KubernetesVersion, low: str) -> Row:
    words = ["the default"] if one.default else []
    words += ["PREVIEW"] if one.preview else []
    words += ["lowest allowed"] if one.version == low else []
    return Row(one.version, (one.version, ", ".join(words), ", ".join(one.patches)))


def sizes(listed: tuple[VmSize, ...]) -> list[Row]:
    """Those that serve first, small before large."""
    rows = [(size_fit(one), one) for one in listed]
    rows.sort(key=lambda pair: (pair[0].word == "no", pair[1].cores, pair[1].name.lower()))
    return [_size(one, fit.word, fit.because) for fit, one in rows]


def _size(one: VmSize, word: str, because: str) -> Row:
    family = one.family.removeprefix("standard").removesuffix("Family")
    cells = (
        one.name,
        family,
        str(one.cores or "??"),
        f"{one.memory_gb:g}" if one.memory_gb else "??",
        "yes" if one.ephemeral else "no",
        "".join(open_zones(one)) or "none",
        word.upper(),
        because,
    )
    order = {2: one.cores, 3: one.memory_gb}
    return Row(one.name, cells, raw=one.raw, order=order, data=because if word == "no" else None)


def zones(size: VmSize | None) -> list[Row]:
    """None, all that are open to the size, or one of them."""
    open_ = open_zones(size) if size else ()
    rows = [Row(NONE, (NONE, "Azure places the nodes"))]
    if len(open_) > 1:
        rows.append(Row(" ".join(open_), (", ".join(open_), "spread over all of them")))
    rows += [Row(zone, (zone, "in this one alone")) for zone in open_]
    return rows


def os_disks(size: VmSize | None) -> list[Row]:
    """Both kinds; ephemeral ones need a size with room for them."""
    lacks = size is not None and not size.ephemeral
    why = f"{size.name} has no room for them" if size and lacks else ""
    return [
        Row(value, (word, hint), data=(why if value == "ephemeral" else "") or None)
        for value, word, hint in OPTIONS["os_disk"]
    ]


def sets(choice: Choice) -> Iterator[Row]:
    """A new one, then those that serve this key, then the others with the reason."""
    yield Row(NEW, ("+ a new set", "", "", "", "under a name of yours"))
    judged = [(choice.fit(one), one) for one in choice.sets]
    judged.sort(key=lambda pair: (pair[0].word == "no", pair[1].name.lower()))
    for fit, one in judged:
        whose = key_word(one.key_url)
        because = fit.because if whose in fit.because else f"{whose}: {fit.because}"
        group, rotates = ArmId.parse(one.id).group, "yes" if one.rotates else "no"
        cells = (one.name, group, rotates, fit.word.upper(), because)
        yield Row(one.id, cells, one.id, one.raw, data=because if fit.word == "no" else None)


def options(id: str, choice: Choice) -> list[Row]:
    """The rows of a choice that needs nothing from Azure but, for disks, the size."""
    if id == "os_disk":
        return os_disks(choice.node)
    return [Row(value, (word, hint)) for value, word, hint in OPTIONS[id]]


def option(choice: Choice, id: str) -> str:
    """What is chosen of such a choice; of a set that exists, what it was made with."""
    own, there = choice.own, choice.there
    if id == "rotate":
        follows = own.rotate_to_latest if own.create or there is None else there.rotates
        return "yes" if follows else "no"
    if id == "encryption" and there is not None and not own.create:
        return "double" if there.encryption == DOUBLE else "customer-key"
    return str(getattr(own if id == "encryption" else choice.wish, id))


def with_option(choice: Choice, id: str, value: str) -> Choice:
    """With another value of such a choice."""
    if id == "rotate":
        return choice.with_set(rotate_to_latest=value == "yes")
    return (
        choice.with_set(encryption=value) if id == "encryption" else choice.changed(**{id: value})
    )


def words(choice: Choice) -> dict[str, tuple[str, str]]:
    """Each row that is chosen: its value and a hint."""
    wish, own, there = choice.wish, choice.own, choice.there
    shown = {id: _option_word(choice, id) for id in OPTIONS}
    spread = "the nodes are spread over them" if len(wish.zones) > 1 else ""
    key = f"exists, for {key_word(there.key_url)}" if there else "exists"
    made = (f"new: {own.name}", "the plan makes it and lets it use the key")
    return {
        **shown,
        "kubernetes": (wish.kubernetes, _offered(choice)),
        "node_size": (wish.node_size, _size_word(choice)),
        "zones": (", ".join(wish.zones) or "none", spread),
        "set": made if own.create else (own.name, key),
    }


def _option_word(choice: Choice, id: str) -> tuple[str, str]:
    chosen = option(choice, id)
    word, hint = next((word, hint) for value, word, hint in OPTIONS[id] if value == chosen)
    settled = id in ("encryption", "rotate") and not choice.own.create
    return word, "as the set was made" if settled else hint


def _offered(choice: Choice) -> str:
    offered = choice.live.versions if choice.live else ()
    if isinstance(offered, Unknown):
        return "?? the versions could not be read"
    own = next((one.version for one in offered if one.default), "")
    now = f"now {own}; " if choice.wish.kubernetes == DEFAULT and own else ""
    preview = any(one.preview for one in offered if one.version == choice.wish.kubernetes)
    low = oldest(offered)
    return f"{'PREVIEW; ' if preview else now}lowest allowed {low}" if low else ""


def about_versions(choice: Choice) -> str:
    """What is offered now, and what Azure's pages asked for."""
    offered = choice.live.versions if choice.live else ()
    if isinstance(offered, Unknown):
        return f"{offered.reason} r tries again."
    low = oldest(offered)
    now = f"The lowest allowed in {choice.draft.region} is {low}. " if low else ""
    return (
        f"{now}Azure's first page on this asked for 1.17, today's asks for 1.24: every version on"
        " offer is newer. Previews come with limited support."
    )


def _size_word(choice: Choice) -> str:
    node, live = choice.node, choice.live
    if node is None:
        if live is None:
            return ""
        return (
            "?? sizes could not be read" if isinstance(live.sizes, Unknown) else "NO: not offered"
        )
    fit = size_fit(node)
    disk = "ephemeral disks too" if node.ephemeral else "managed disks only"
    can = f"{node.cores} cores, {node.memory_gb:g} GB, {disk}"
    return f"NO: {fit.because}" if fit.word == "no" else can
