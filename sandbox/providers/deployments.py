"""Template deployments: there are none, and a new one is refused by name.

``az deployment`` and MLClient's creation of a workspace send one; what they would make can be
made by a PUT of each resource.
"""

from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api()

_ALL = "{scope}/providers/Microsoft.Resources/deployments"
_ONE = f"{_ALL}/{{name}}"
_READ, _WRITE = "Microsoft.Resources/deployments/read", "Microsoft.Resources/deployments/write"


@api.route("PUT", _ONE, action=_WRITE)
@api.route("POST", f"{_ONE}/{{operation}}", action=_WRITE)
def refuse(world: World, request: Request) -> Answer:
    """501: a client that gets it neither repeats the request nor believes it done."""
    raise Refusal(
        501,
        "DeploymentsNotSimulated",
        "Template deployments are not part of this sandbox, so the deployment"
        f" '{request.params['name']}' was refused and nothing was made. Create its resources one"
        " by one instead; a workspace with a PUT of"
        " Microsoft.MachineLearningServices/workspaces.",
    )


@api.route("GET", _ALL, action=_READ)
def none(world: World, request: Request) -> Answer:
    """No deployment was ever accepted."""
    body: Json = {"value": []}
    return Answer(200, body)


@api.route("GET", _ONE, action=_READ)
def missing(world: World, request: Request) -> Answer:
    """404 in Resource Manager's words."""
    name = request.params["name"]
    raise Refusal(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
