"""Recorded states of Entra and Microsoft Graph."""

from contract import Az, Reply, case

# Entra and Microsoft Graph


@case("entra/01-instance-discovery")
def discovery(az: Az) -> Reply:
    authority = az.ready["authority"]
    wanted = f"{authority}/{az.tenant}/oauth2/authorize"
    url = f"{authority}/common/discovery/instance?authorization_endpoint={wanted}"
    return az.send("GET", url)


@case("entra/03-instance-discovery-v1.1")
def discovery_with_version(az: Az) -> Reply:
    authority = az.ready["authority"]
    wanted = f"{authority}/common/oauth2/authorize"
    url = f"{authority}/common/discovery/instance?api-version=1.1&authorization_endpoint={wanted}"
    return az.send("GET", url)


@case("entra/05-token-client-credentials-arm")
def token(az: Az) -> Reply:
    app = next(item for item in az.ready["principals"] if item["name"] == "app")
    form = (
        f"client_id={app['client_id']}&grant_type=client_credentials&client_info=1"
        f"&client_secret={app['client_secret']}&scope={az.ready['arm']}/.default"
    )
    return az.send("POST", f"{az.ready['authority']}/{az.tenant}/oauth2/v2.0/token", form)


def _graph(az: Az, path: str) -> Reply:
    bearer = az.sandbox.token("admin", "graph")
    return az.send("GET", az.ready["graph"] + path, None, {"Authorization": f"Bearer {bearer}"})


@case("graph/01-me")
def me(az: Az) -> Reply:
    return _graph(az, "/v1.0/me")


@case("graph/03-service-principal-by-id-404")
def service_principal_absent(az: Az) -> Reply:
    return _graph(az, "/v1.0/servicePrincipals/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa")


@case("graph/05-service-principals-filter-by-app-id-hit")
def service_principal_by_app(az: Az) -> Reply:
    app = next(item for item in az.ready["principals"] if item["name"] == "app")
    wanted = f"servicePrincipalNames/any(c:c%20eq%20'{app['client_id']}')"
    return _graph(az, f"/v1.0/servicePrincipals?$filter={wanted}")
