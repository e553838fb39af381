"""Keys through a vault's data plane."""

import base64
import importlib
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal

import msgspec

from services.azure import calls
from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind, translated
from services.azure.policies import wrap_probe
from services.ids import BadId, KeyId
from services.model.resources import DeletedKey, Key, KeyVersion, Raw, RotationPolicy
from services.text import plain

WRAPPING = ("wrapKey", "unwrapKey")
"""Operations that every customer-managed key must allow."""


class KeySpec(msgspec.Struct, frozen=True, kw_only=True):
    """A key, or a new version of one, to be created."""

    type: Literal["RSA", "RSA-HSM"] = "RSA"
    """RSA-HSM needs a premium vault."""
    bits: Literal[2048, 3072, 4096] = 3072
    ops: tuple[str, ...] = (*WRAPPING, "encrypt", "decrypt")
    """AI Search's page on customer-managed keys lists encrypt and decrypt besides."""
    not_before: datetime | None = None
    expires: datetime | None = None
    tags: dict[str, str] = {}


async def list_keys(conn: Connection, vault_uri: str) -> list[Key]:
    """The keys of a vault, by name, without type, bits and version; raises AzureError."""
    sdk = conn.keys(vault_uri)
    found = [_listed(raw) async for raw in _all("list keys", sdk.list_properties_of_keys)]
    return sorted(found, key=lambda one: one.name.lower())


async def list_versions(conn: Connection, vault_uri: str, name: str) -> list[KeyVersion]:
    """The versions of a key, newest first, without type and bits; raises AzureError.

    Key Vault lists them in the order of their names.
    """
    sdk = conn.keys(vault_uri)
    what = f"list versions of key {name}"
    found = [version(raw) async for raw in _all(what, sdk.list_properties_of_key_versions, name)]
    return sorted(
        found, key=lambda one: one.created.timestamp() if one.created else 0.0, reverse=True
    )


async def get_key(
    conn: Connection, vault_uri: str, name: str, version_name: str = ""
) -> KeyVersion | None:
    """A version of a key, the newest by default; None where there is none.

    Raises AzureError.
    """
    sdk = conn.keys(vault_uri)
    raw = await _find(f"read key {name}", sdk.get_key, name, version_name or None)
    return None if raw is None else version(raw)


async def create_key(conn: Connection, vault_uri: str, name: str, spec: KeySpec) -> KeyVersion:
    """Create a key; of one that exists, a new version. Raises AzureError."""
    sdk = conn.keys(vault_uri)
    return version(
        await _ask(
            f"create key {name}",
            sdk.create_key,
            name,
            spec.type,
            size=spec.bits,
            key_operations=list(spec.ops),
            not_before=spec.not_before,
            expires_on=spec.expires,
            tags=spec.tags or None,
            enabled=True,
        )
    )


async def delete_key(conn: Connection, vault_uri: str, name: str) -> None:
    """Delete a key with all its versions softly, and wait until it is; raises AzureError."""
    sdk = conn.keys(vault_uri)
    await _ask(f"delete key {name}", sdk.delete_key, name)


async def get_deleted_key(conn: Connection, vault_uri: str, name: str) -> DeletedKey | None:
    """A soft-deleted key, or None where there is none; raises AzureError."""
    sdk = conn.keys(vault_uri)
    raw = await _find(f"read deleted key {name}", sdk.get_deleted_key, name)
    if raw is None:
        return None
    return DeletedKey(
        name=name,
        id=_key_id(calls.part(raw, "key").get("kid")),
        deleted=calls.moment(raw.get("deletedDate")),
        purge_at=calls.moment(raw.get("scheduledPurgeDate")),
        raw=raw,
    )


async def recover_key(conn: Connection, vault_uri: str, name: str) -> KeyVersion:
    """Bring back a soft-deleted key with all its versions, and wait until it answers.

    Raises AzureError.
    """
    sdk = conn.keys(vault_uri)
    return version(await _ask(f"recover key {name}", sdk.recover_deleted_key, name))


async def change_key(
    conn: Connection,
    vault_uri: str,
    name: str,
    version_name: str,
    *,
    enabled: bool | None = None,
    ops: tuple[str, ...] | None = None,
    not_before: datetime | None = None,
    expires: datetime | None = None,
) -> KeyVersion:
    """Enable or disable a version, replace what it may do, or move its dates.

    None leaves it as it is; a date can be moved and not taken away. Raises AzureError.
    """
    sdk = conn.keys(vault_uri)
    further = {
        "enabled": enabled,
        "key_operations": list(ops) if ops else None,
        "not_before": not_before,
        "expires_on": expires,
    }
    return version(
        await _ask(f"change key {name}", sdk.update_key_properties, name, version_name, **further)
    )


async def get_rotation_policy(conn: Connection, vault_uri: str, name: str) -> RotationPolicy:
    """The rotation policy of a key; raises AzureError.

    Azure has one for every key: without a Rotate action nothing rotates by itself.
    """
    sdk = conn.keys(vault_uri)
    return rotation_policy(
        await _ask(f"read the rotation policy of {name}", sdk.get_key_rotation_policy, name)
    )


async def set_rotation_policy(
    conn: Connection, vault_uri: str, name: str, policy: RotationPolicy
) -> None:
    """Replace the rotation policy of a key. Durations are ISO 8601; raises AzureError."""
    models = importlib.import_module("azure.keyvault.keys")
    action = models.KeyRotationLifetimeAction
    actions = []
    if policy.rotate_after:
        actions.append(action("Rotate", time_after_create=policy.rotate_after))
    if policy.rotate_before_expiry:
        actions.append(action("Rotate", time_before_expiry=policy.rotate_before_expiry))
    if policy.notify_before:
        actions.append(action("Notify", time_before_expiry=policy.notify_before))
    sdk = conn.keys(vault_uri)
    with translated(f"set the rotation policy of {name}"):
        await sdk.update_key_rotation_policy(
            name,
            models.KeyRotationPolicy(lifetime_actions=actions, expires_in=policy.expiry or None),
        )


async def probe_wrap(conn: Connection, key_id: str) -> None:
    """Prove that the caller can use a key: wrap and unwrap 32 random bytes.

    Sent to the vault itself, because the SDK's cryptography client wraps on this machine
    once it has the public key. Raises AzureError with the reason it does not work.
    """
    key = KeyId.parse(key_id)
    secret = _encode(secrets.token_bytes(32))
    wrapped = await _operate(conn, key, "wrapkey", secret)
    if await _operate(conn, key, "unwrapkey", wrapped) != secret:
        raise AzureError(
            ErrorKind.UNKNOWN,
            message="the vault unwrapped something else than it had wrapped",
            what=f"Could not use key {key.name}.",
            host=key.host,
        )


async def _operate(conn: Connection, key: KeyId, operation: str, value: str) -> str:
    rest = importlib.import_module("azure.core.rest")
    request = rest.HttpRequest(
        "POST",
        f"keys/{key.name}/{key.version}/{operation}",
        json={"alg": "RSA-OAEP-256", "value": value},
    )
    with translated(f"use key {key.name} ({operation})"), wrap_probe():
        answer = await conn.keys(f"https://{key.host}").send_request(request)
        answer.raise_for_status()
        raw: Raw = answer.json()
    return plain(raw.get("value")).rstrip("=")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def _understood(what: str) -> Iterator[None]:
    """The key client parses identifiers itself and raises ValueError for what is none."""
    try:
        with translated(what):
            yield
    except ValueError as error:
        raise AzureError(
            ErrorKind.UNKNOWN,
            code="UnreadableIdentifier",
            message=plain(error),
            what=f"Could not {what}.",
            means="The vault named a key in a form that Azure's own client does not understand.",
            do="Look at the vault's keys in the portal; report it with the request id.",
            sent=True,
        ) from error


async def _ask(what: str, call: Any, *args: Any, **named: Any) -> Raw:
    """Like calls.ask for the key client, which takes no ``cls=``."""
    answers: list[Any] = []
    with _understood(what):
        await call(*args, raw_response_hook=answers.append, **named)
        return calls.received(answers[-1])


async def _find(what: str, call: Any, *args: Any) -> Raw | None:
    try:
        return await _ask(what, call, *args)
    except AzureError as error:
        if not calls.absent(error):
            raise
        return None


async def _all(what: str, call: Any, *args: Any) -> AsyncIterator[Raw]:
    answers: list[Any] = []
    listing = call(*args, raw_response_hook=answers.append).by_page()
    while True:
        with _understood(what):
            if await anext(listing, None) is None:
                return
            page = calls.received(answers[-1])
        for item in calls.objects(page, "value"):
            yield item


def version(raw: Raw) -> KeyVersion:
    """A version from the JSON of a key (with its material) or of a list (without)."""
    material, attributes = calls.part(raw, "key"), calls.part(raw, "attributes")
    id = _key_id(material.get("kid") or raw.get("kid"))
    return KeyVersion(
        id=id,
        version=_version_of(id),
        enabled=attributes.get("enabled") is not False,
        created=calls.moment(attributes.get("created")),
        updated=calls.moment(attributes.get("updated")),
        not_before=calls.moment(attributes.get("nbf")),
        expires=calls.moment(attributes.get("exp")),
        type=plain(material.get("kty")),
        bits=_bits(material.get("n")),
        ops=calls.texts(material.get("key_ops")),
        tags=calls.tags(raw),
        recovery=plain(attributes.get("recoveryLevel")),
        raw=raw,
    )


def _listed(raw: Raw) -> Key:
    current = version(raw)
    try:
        id = KeyId.parse(current.id)
    except BadId:  # nothing Azure should send; it is listed as it came
        return Key(vault="", name=current.id, id=current.id, current=current, raw=raw)
    return Key(vault=id.vault, name=id.name, id=id.versionless, current=current, raw=raw)


def rotation_policy(raw: Raw) -> RotationPolicy:
    """A rotation policy from its JSON; action names come in any case."""
    told: dict[tuple[str, str], str] = {}
    for action in calls.objects(raw, "lifetimeActions"):
        name = plain(calls.part(action, "action").get("type")).lower()
        for trigger, span in calls.part(action, "trigger").items():
            told[name, trigger] = plain(span)
    return RotationPolicy(
        rotate_after=told.get(("rotate", "timeAfterCreate"), ""),
        rotate_before_expiry=told.get(("rotate", "timeBeforeExpiry"), ""),
        notify_before=told.get(("notify", "timeBeforeExpiry"), ""),
        expiry=plain(calls.part(raw, "attributes").get("expiryTime")),
        raw=raw,
    )


def _key_id(text: object) -> str:
    try:
        return str(KeyId.parse(plain(text)))
    except BadId:
        return plain(text)


def _version_of(id: str) -> str:
    try:
        return KeyId.parse(id).version
    except BadId:
        return ""


def _bits(modulus: object) -> int:
    """Size of an RSA modulus in bits; 0 where there is none or it cannot be read."""
    if not isinstance(modulus, str):
        return 0
    try:
        data = base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))
    except ValueError:
        return 0
    return int.from_bytes(data).bit_length()
