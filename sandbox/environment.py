"""Pointing the real az, the SDKs and MLClient at a running sandbox."""

import configparser
import io
import shlex
from pathlib import Path

from sandbox.certs import write_private
from sandbox.providers.metadata import NAME
from sandbox.state import Json


def exports(ready: Json) -> list[str]:
    """Shell lines for the address, trust and sign-in of a sandbox.

    az gets a configuration folder of its own beside the CA, with the sandbox registered as a
    cloud, so nothing is written to the user's. HTTPS_PROXY leads only to the sandbox: without
    these variables the same commands fail to find it and reach no real Azure.
    """
    ca_file = Path(ready["ca_file"])
    folder = ca_file.parent / "az"
    admin = ready["principals"][0] if ready["principals"] else None
    values = {
        "AZURE_CONFIG_DIR": str(folder),
        "REQUESTS_CA_BUNDLE": str(ca_file),
        "SSL_CERT_FILE": str(ca_file),
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "HTTPS_PROXY": ready["proxy"],
        "ARM_CLOUD_METADATA_URL": f"{ready['arm']}/metadata/endpoints?api-version=2019-05-01",
        "AZUREML_CURRENT_CLOUD": NAME,
        "AZURE_AUTHORITY_HOST": ready["authority"],
        "AZURE_TENANT_ID": ready["tenant_id"],
    }
    if ready["subscriptions"]:
        values["AZURE_SUBSCRIPTION_ID"] = ready["subscriptions"][0]["id"]
    if admin:
        values["AZURE_CLIENT_ID"] = admin["client_id"]
        values["AZURE_CLIENT_SECRET"] = admin["client_secret"]
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    lines.append("unset NO_PROXY no_proxy  # localhost in it would also match the vaults' names")
    lines.append(f"# az finds the sandbox as the cloud {NAME}. Sign in with:")
    lines.append(
        '#   az login --service-principal -u "$AZURE_CLIENT_ID" -p "$AZURE_CLIENT_SECRET"'
        ' --tenant "$AZURE_TENANT_ID"'
    )
    return lines


def configure(ready: Json) -> Path:
    """Write az's configuration for a sandbox beside its CA; returns the folder."""
    folder = Path(ready["ca_file"]).parent / "az"
    main = {"cloud": {"name": NAME}, "core": {"instance_discovery": "false"}}
    write_private(folder / "config", _ini(main))
    return folder


def _ini(sections: dict[str, dict[str, str]]) -> bytes:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(sections)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue().encode()
