from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import names
from services.intents import BadIntent, read, write
from services.intents.fields import RULES
from services.model.intent import (
    SETUPS,
    ClusterIntent,
    ClusterSetup,
    ContainerGroupIntent,
    ContainerGroupSetup,
    ContainerIntent,
    Create,
    DiskEncryptionSetIntent,
    Intent,
    KeyIntent,
    PrincipalsIntent,
    VaultIntent,
    WorkspaceIntent,
    WorkspaceSetup,
)

GUID = "00000000-0000-0000-0000-000000000000"
GOOD = f"""\
kind = "workspace"
subscription = "{GUID}"
region = "westeurope"
resource_group = "rg-ml"

[vault]
name = "kv-ml-prod"

[key]
name = "cmk-ml"

[workspace]
name = "mlw-prod"
"""


def problems(text: str) -> dict[str, tuple[str, int, str]]:
    with pytest.raises(BadIntent) as caught:
        read(text)
    return {one.path: (one.rule, one.line, one.known) for one in caught.value.problems}


def test_the_least_intent_reads() -> None:
    intent = read(GOOD)
    assert intent.vault.name == "kv-ml-prod"
    assert intent.key.version == "latest"
    assert intent.workspace.storage == "new"


def test_all_problems_come_at_once_with_their_lines() -> None:
    text = (
        GOOD.replace('"westeurope"', '"West Europe"')
        .replace('name = "kv-ml-prod"', 'name = "kv--x"\nretention_days = 3\npurge = true')
        .replace('name = "cmk-ml"', 'name = "cmk_ml"\nbits = 1024\nexpires = 2027-12-01')
    )
    found = problems(text)
    assert set(found) == {
        "region",
        "vault.name",
        "vault.retention_days",
        "vault.purge",
        "key.name",
        "key.bits",
        "key.expires",
    }
    lines = text.splitlines()
    for path, (rule, line, _) in found.items():
        assert lines[line - 1].startswith(path.rpartition(".")[2]), path
        assert rule


@pytest.mark.parametrize(
    ("old", "new", "path", "said"),
    [
        ('"workspace"\n', '"container-group"\n', "workspace", "belongs to"),
        ('"workspace"\n', '"cluster"\n', "cluster", "missing"),
        ('"workspace"\n', '"vm"\n', "kind", "one of"),
        (GUID, "nonsense", "subscription", "GUID"),
        ('name = "cmk-ml"', 'name = "cmk-ml"\nversion = "1"', "key.version", "latest"),
        ('name = "cmk-ml"', "name = 5", "key.name", "text in quotes"),
        ('name = "cmk-ml"', 'name = "k"\ncreate = "yes"', "key.create", "true or false"),
        ('name = "cmk-ml"', 'name = "k"\nbits = 3072.0', "key.bits", "2048, 3072, 4096"),
        (
            'name = "cmk-ml"',
            'name = "k"\ncreate = true\nrotate_every = "1y"',
            "key.rotate_every",
            "P1Y",
        ),
        ('name = "cmk-ml"', 'name = "k"\nexpires = 2027-01-01T00:00:00', "key.expires", "zone"),
        (
            'name = "cmk-ml"',
            'name = "k"\nexpires = 2027-01-01T00:00:00Z',
            "key.expires",
            "key.create",
        ),
        ('"kv-ml-prod"', '"kv-ml-prod"\ncreate = true', "key.create", "no key yet"),
        ('"mlw-prod"', '"m"', "workspace.name", "mlw-prod"),
        ('"mlw-prod"', '"mlw"\nidentity = "admin"', "workspace.identity", "system"),
        (
            '"mlw-prod"',
            '"mlw"\nstorage = { create = "A" }',
            "workspace.storage.create",
            "lower-case",
        ),
        (
            '"mlw-prod"',
            '"mlw"\nstorage = { make = "a" }',
            "workspace.storage.make",
            "no such field",
        ),
        ('"mlw-prod"', '"mlw"\nstorage = 3', "workspace.storage", "create"),
        (
            '"mlw-prod"',
            f'"mlw"\nstorage = "/subscriptions/{GUID}/resourceGroups/g"',
            "workspace.storage",
            "storageAccounts",
        ),
        ('[vault]\nname = "kv-ml-prod"\n', "", "vault", "missing"),
        ('name = "kv-ml-prod"', "", "vault.name", "missing"),
        ('"rg-ml"', '"rg-ml"\ntags = { a = 1 }', "tags", "quotes"),
        ('"rg-ml"', '"rg-ml"\n[container_group]\nname = "x"', "container_group", "belongs to"),
    ],
)
def test_a_rule_broken_is_named_with_its_path(old: str, new: str, path: str, said: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    found = problems(text)
    assert path in found, found
    assert said in found[path][0]


@pytest.mark.parametrize(
    ("key", "vault", "workspace", "path"),
    [
        ('create = true\ntype = "RSA-HSM"', "create = true", "", "key.type"),
        (f'create = true\nversion = "{"a" * 32}"', "", "", "key.version"),
        ('create = true\nnotify_before = "P30D"', "", "", "key.notify_before"),
        (
            'create = true\nrotate_every = "P1Y"',
            "",
            'encryption = "service-side"',
            "key.rotate_every",
        ),
        (
            "create = true",
            'create = true\nnetwork = "trusted-services"',
            'encryption = "service-side"',
            "vault.network",
        ),
        ("", "", 'secrets_vault = { create = "kv-ml-PROD" }', "workspace.secrets_vault"),
        (
            "create = true\nnot_before = 2027-01-01T00:00:00Z\nexpires = 2026-01-01T00:00:00Z",
            "",
            "",
            "key.expires",
        ),
    ],
)
def test_fields_that_contradict_each_other(key: str, vault: str, workspace: str, path: str) -> None:
    text = (
        GOOD.replace('name = "cmk-ml"', f'name = "cmk-ml"\n{key}')
        .replace('name = "kv-ml-prod"', f'name = "kv-ml-prod"\n{vault}')
        .replace('name = "mlw-prod"', f'name = "mlw-prod"\n{workspace}')
    )
    found = problems(text)
    assert path in found
    assert found[path][1] > 0


def test_an_unknown_field_names_the_nearest_and_its_line() -> None:
    rule, line, known = problems(GOOD.replace("region", "regoin"))["regoin"]
    assert known == "region"
    assert line == 3
    assert "no such field" in rule


def test_text_that_is_not_toml_names_the_line() -> None:
    _, line, _ = problems(GOOD.replace('"rg-ml"', '"rg-ml'))[""]
    assert line == 4


def test_hostile_names_of_fields_are_shown_inert() -> None:
    with pytest.raises(BadIntent) as caught:
        read(GOOD + '"\\u001b[31m\\u202ered" = 1\n')
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)


@pytest.mark.parametrize("app_id", names.APP_IDS)
@pytest.mark.parametrize("field", ["cosmos_db", "machine_learning"])
def test_an_app_id_is_no_object_id(field: str, app_id: str) -> None:
    found = problems(f'{GOOD}\n[principals]\n{field} = "{app_id.upper()}"\n')
    rule, line, _ = found[f"principals.{field}"]
    assert names.APP_IDS[app_id] in rule and "never an object id" in rule
    assert f"az ad sp show --id {app_id} --query id" in rule
    assert line == len(GOOD.splitlines()) + 3
    assert (
        "GUID" in problems(f'{GOOD}\n[principals]\n{field} = "cosmos"\n')[f"principals.{field}"][0]
    )


def test_principals_that_are_not_told_are_not_written() -> None:
    assert "principals" not in write(read(GOOD))
    told = read(f'{GOOD}\n[principals]\ncosmos_db = "{GUID}"\n')
    assert f'[principals]\ncosmos_db = "{GUID}"\n' in write(told)


def test_every_field_has_a_rule_with_an_example_that_follows_it() -> None:
    assert set(RULES) == {"kind", *(path for one in SETUPS.values() for path in paths(one, ""))}


def paths(part: type, at: str) -> Iterator[str]:
    for name, hint in get_type_hints(part).items():
        item = get_args(hint)[0] if get_origin(hint) is list else hint
        if isinstance(item, type) and issubclass(item, msgspec.Struct):
            yield from paths(item, f"{at}{name}.")
        else:
            yield at + name


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
PLAIN = TEXT.filter(lambda text: names.problem("description", text) is None or text == "")
TAGS = st.dictionaries(TEXT, TEXT, max_size=3).filter(
    lambda tags: (
        names.tags_problem(tags, "key") is None and names.tags_problem(tags, "resource") is None
    )
)
WHEN = st.datetimes(
    datetime.fromisoformat("2026-01-01"),
    datetime.fromisoformat("2030-01-01"),
    timezones=st.just(UTC),
)


def kind(name: str) -> st.SearchStrategy[str]:
    return st.from_regex(names.RULES[name].pattern, fullmatch=True).filter(
        lambda text: names.problem(name, text) is None
    )


@st.composite
def intents(draw: st.DrawFn) -> Intent:
    start = draw(st.none() | WHEN)
    create = draw(st.booleans())
    end = draw(st.none() | WHEN.filter(lambda at: start is None or at > start))
    key = KeyIntent(
        name=draw(kind("key")),
        create=create,
        version="latest" if create else draw(st.sampled_from(["latest", "0f" * 16])),
        bits=draw(st.sampled_from(get_args(get_type_hints(KeyIntent)["bits"]))),
        not_before=start if create else None,
        expires=end if create else None,
        rotate_every="P1Y" if create and draw(st.booleans()) else "",
        notify_before="P30D" if create and end and draw(st.booleans()) else "",
        tags=draw(TAGS),
    )
    return WorkspaceSetup(
        subscription=GUID,
        region="westeurope",
        resource_group=draw(kind("resource_group")),
        tags=draw(TAGS),
        tenant=draw(st.sampled_from(["", GUID])),
        vault=VaultIntent(
            name=draw(kind("vault")),
            create=create and draw(st.booleans()),
            repair=draw(st.booleans()),
            sku=draw(st.sampled_from(["standard", "premium"])),
            access=draw(st.sampled_from(["rbac", "policies"])),
            retention_days=draw(st.integers(7, 90)),
        ),
        key=key,
        principals=PrincipalsIntent(cosmos_db=draw(st.sampled_from(["", GUID]))),
        workspace=WorkspaceIntent(
            name=draw(kind("workspace")),
            identity=draw(st.just("system") | kind("identity").map(lambda n: Create(create=n))),
            storage=draw(st.just("new") | kind("storage").map(lambda n: Create(create=n))),
            hbi=draw(st.booleans()),
            description=draw(PLAIN),
        ),
    )


@st.composite
def others(draw: st.DrawFn) -> Intent:
    """A container group or a cluster."""
    common = {
        "subscription": GUID,
        "region": "westeurope",
        "resource_group": draw(kind("resource_group")),
        "vault": VaultIntent(name=draw(kind("vault"))),
        "key": KeyIntent(name=draw(kind("key"))),
    }
    identity = draw(kind("identity").map(lambda name: Create(create=name)))
    if draw(st.booleans()):
        des = DiskEncryptionSetIntent(
            name=draw(kind("encryption_set")), rotate_to_latest=draw(st.booleans())
        )
        cluster = ClusterIntent(
            name=draw(kind("cluster")),
            kubernetes=draw(kind("kubernetes")),
            node_count=draw(st.integers(1, 1000)),
            os_disk=draw(st.sampled_from(["managed", "ephemeral"])),
            identity=identity,
            disk_encryption_set=des,
        )
        return ClusterSetup(**common, cluster=cluster)  # type: ignore[arg-type]
    names_ = draw(st.lists(kind("container"), min_size=1, max_size=3, unique=True))
    containers = [
        ContainerIntent(
            name=name,
            image=draw(kind("image")),
            cpu=draw(st.floats(0.01, 64)),
            memory_gb=draw(st.floats(0.1, 256)),
            ports=[8000 + place] if draw(st.booleans()) else [],
            command=draw(st.lists(TEXT, max_size=2)),
            env=draw(st.dictionaries(kind("variable"), TEXT, max_size=2)),
        )
        for place, name in enumerate(names_)
    ]
    own = draw(st.booleans())
    group = ContainerGroupIntent(
        name=draw(kind("container_group")),
        flow="identity" if own else "first-party",
        identity=identity if own else "",
        containers=containers,
    )
    return ContainerGroupSetup(**common, container_group=group)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(intents() | others())
def test_what_is_written_reads_back_equal(intent: Intent) -> None:
    assert read(write(intent)) == intent


GROUP = (
    GOOD.split("[workspace]", maxsplit=1)[0].replace('"workspace"', '"container-group"')
    + """\
[container_group]
name = "score-1"
identity = { create = "uai-aci" }

[[container_group.containers]]
name = "main"
image = "nginx"
ports = [80]

[[container_group.containers]]
name = "side"
image = "nginx"
"""
)


@pytest.mark.parametrize(
    ("old", "new", "path", "said"),
    [
        ('name = "side"', 'name = "main"', "container_group.containers[1].name", "own"),
        ('name = "side"', 'name = "Side"', "container_group.containers[1].name", "lower-case"),
        ('"side"', '"side"\nports = [80]', "container_group.containers[1].ports", "once"),
        ('"side"', '"side"\nports = [0]', "container_group.containers[1].ports", "65535"),
        ('"side"', '"side"\ncpu = 0', "container_group.containers[1].cpu", "above 0"),
        (
            '"side"',
            '"side"\nsecure_env = { TOKEN = "hunter2" }',
            "container_group.containers[1].secure_env",
            "env:NAME",
        ),
        ('identity = { create = "uai-aci" }\n', "", "container_group.identity", "needs one"),
        (
            "[[container_group.containers]]",
            "[[container_group.boxes]]",
            "container_group.boxes",
            "no such",
        ),
    ],
)
def test_a_container_group_is_judged_with_places(old: str, new: str, path: str, said: str) -> None:
    assert read(GROUP).container_group.containers[1].name == "side"  # type: ignore[union-attr]
    text = GROUP.replace(old, new)
    found = problems(text)
    assert said in found[path][0], found
    rule, line, _ = found[path]
    assert line > 0
    assert "hunter2" not in rule
