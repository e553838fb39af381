"""Pointing the real az, the SDKs and MLClient at a running sandbox."""

import configparser
import io
import shlex
from pathlib import Path

from sandbox.certs import write_private
from sandbox.providers.metadata import NAME
from sandbox.state import Json


def exports(ready: Json, principal: str = "") -> list[str]:
    """Shell lines for the address, trust and sign-in of a sandbox as one of its principals.

    The last of them signs az in, where there is one. az gets a configuration folder of its own
    beside the CA, one for each principal, so nothing is written to the user's. HTTPS_PROXY leads
    only to the sandbox, and few resolvers know ``*.localhost``: without these variables the same
    commands fail to find it and reach no real Azure.

    Raises KeyError for a principal that can't sign in here; none named is the first.
    """
    ca_file = Path(ready["ca_file"])
    who = _sign_in(ready, principal)
    values = {
        "AZURE_CONFIG_DIR": str(configure(ready, principal)),
        "REQUESTS_CA_BUNDLE": str(ca_file),
        "SSL_CERT_FILE": str(ca_file),
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "HTTPS_PROXY": ready["proxy"],
        "ARM_CLOUD_METADATA_URL": f"{ready['arm']}/metadata/endpoints?api-version=2019-05-01",
        "AZUREML_CURRENT_CLOUD": NAME,
        "AZURE_AUTHORITY_HOST": ready["authority"],
        "AZURE_TENANT_ID": ready["tenant_id"],
        "AZURE_CLIENT_ID": who["client_id"],
        "AZURE_CLIENT_SECRET": who["client_secret"],
    }
    if ready["subscriptions"]:
        values["AZURE_SUBSCRIPTION_ID"] = ready["subscriptions"][0]["id"]
    return [
        *(f"export {name}={shlex.quote(value)}" for name, value in values.items()),
        "unset NO_PROXY no_proxy  # localhost in it would also match the vaults' names",
        "if command -v az >/dev/null; then",
        '  az login --service-principal -u "$AZURE_CLIENT_ID" -p "$AZURE_CLIENT_SECRET"'
        ' --tenant "$AZURE_TENANT_ID" --only-show-errors --output none',
        "fi",
    ]


def _sign_in(ready: Json, principal: str) -> Json:
    for one in ready["principals"]:
        if one["client_secret"] and principal in ("", one["name"]):
            found: Json = one
            return found
    raise KeyError(principal)


def configure(ready: Json, principal: str = "") -> Path:
    """Write az's configuration for a sandbox and a principal beside its CA; returns the folder."""
    name: str = _sign_in(ready, principal)["name"]
    folder = Path(ready["ca_file"]).parent / "az" / name
    main = {"cloud": {"name": NAME}, "core": {"instance_discovery": "false"}}
    write_private(folder / "config", _ini(main))
    return folder


def _ini(sections: dict[str, dict[str, str]]) -> bytes:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(sections)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue().encode()
