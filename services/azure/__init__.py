"""The only place that knows an Azure SDK: one module an API; SDK models never leave it."""

import logging

# The SDKs log failures that are answers here (a credential that is not set up). Without a
# handler Python prints them to stderr, across whatever is on the terminal.
for _name in ("azure", "msal", "urllib3"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
