"""A container group in Set up: what is asked, what is refused with its reason, and the run."""

import asyncio
from pathlib import Path

import pytest
from opening import quiet, shown, until
from textual.widgets import Input

from screens.run import RunPage
from screens.setup.access import Access
from screens.setup.container import ContainerPage
from screens.setup.container_group import ContainerGroupPage
from screens.setup.new_key import NewKey
from screens.setup.new_vault import NewVault
from screens.setup.page import Rail
from screens.setup.review import Review
from screens.setup.vault import ChooseVault
from screens.setup.where import Where
from screens.widgets.form import Choice, FieldRow, Go
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.table import ListTable
from services.model.intent import ContainerGroupSetup, Create


async def open_choice(app, pilot, id: str) -> None:
    app.screen.query_one(f"#{id}", Choice).focus()
    await pilot.press("enter")
    await quiet(app, pilot)


async def pick(app, pilot, id: str, key: str) -> None:
    await open_choice(app, pilot, id)
    assert isinstance(app.screen, Picker)
    app.screen.query_one(ListTable).select(key)
    await pilot.press("enter")
    await quiet(app, pilot)


async def forward(app, pilot, kind: type) -> None:
    app.screen.query_one(Go).action_go_on()
    await quiet(app, pilot)
    assert isinstance(app.screen, kind), app.screen


async def begin(app, pilot, flow: str = "identity") -> Where:
    app.goto("setup")
    await quiet(app, pilot)
    await pick(app, pilot, "kind", "container-group")
    if flow != "identity":
        await pick(app, pilot, "flow", flow)
    assert isinstance(app.screen, Where)
    return app.screen


async def to_page(app, pilot, flow: str = "identity") -> ContainerGroupPage:
    await begin(app, pilot, flow)
    await forward(app, pilot, ChooseVault)
    await pilot.press("c")
    await quiet(app, pilot)
    for kind in (NewKey, Access, ContainerGroupPage):
        await forward(app, pilot, kind)
    assert isinstance(app.screen, ContainerGroupPage)
    return app.screen


def put(app, **texts: str) -> None:
    for name, text in texts.items():
        app.screen.query_one(f"#{name}", FieldRow).field.value = text


def words(app) -> str:
    return " ".join(shown(app).split())


async def test_the_kind_decides_regions_steps_and_words(opened):
    async with opened() as (app, pilot):
        page = await begin(app, pilot)
        assert "it is offered" in words(app)
        assert "A group is encrypted with your key from its first byte or never" in words(app)
        assert page.query_one("#flow").display
        assert "5 Containers" in str(page.query_one(Rail).render())
        await pick(app, pilot, "kind", "cluster")
        assert "both services are offered" in words(app)
        assert not page.query_one("#flow").display
        await pick(app, pilot, "kind", "workspace")
        assert "all four services are offered" in words(app)


async def test_enter_alone_goes_on_and_the_plan_is_of_a_group(opened):
    async with opened() as (app, pilot):
        page = await to_page(app, pilot)
        assert "can't be added later" in words(app), "that is said before"
        assert "at most 4 cores, 16 GB" in words(app)
        intent = page.draft.intent()
        assert isinstance(intent, ContainerGroupSetup)
        assert isinstance(intent.container_group.identity, Create)
        await forward(app, pilot, Review)
        assert "container group aci-ml" in shown(app)
        await pilot.press("tab", "tab")
        assert "Container groups" in words(app)


async def test_the_apps_flow_takes_no_roles_no_firewall_and_no_identity(opened):
    async with opened() as (app, pilot):
        page = await to_page(app, pilot, "first-party")
        wish = page.draft.intent()
        assert isinstance(wish, ContainerGroupSetup)
        assert (wish.vault.access, wish.vault.network) == ("policies", "public")
        assert wish.container_group.identity == ""
        app.pop_screen()
        await quiet(app, pilot)
        who = [row.cells[0] for row in app.screen.query_one(ListTable).rows_shown]
        assert who[1:] == ["Azure Container Instance Service"]
        assert "policy: get, unwrap" in words(app)
        app.pop_screen()
        app.pop_screen()
        await quiet(app, pilot)
        assert isinstance(app.screen, NewVault)
        await open_choice(app, pilot, "access")
        app.screen.query_one(ListTable).select("rbac")
        await pilot.press("enter")
        assert isinstance(app.screen, Picker), "it can't be chosen"


async def test_a_vault_of_roles_is_refused_to_the_app_with_the_reason(opened):
    async with opened() as (app, pilot):
        page = await to_page(app, pilot)
        await open_choice(app, pilot, "flow")
        app.screen.query_one(ListTable).select("first-party")
        await pilot.press("enter")
        assert isinstance(app.screen, Picker)
        assert page.draft.container_group.flow == "identity"
        await pilot.press("escape")
        await quiet(app, pilot)
        app.pop_screen()
        await quiet(app, pilot)
        await open_choice(app, pilot, "identity")
        row = app.screen.query_one(ListTable).rows_shown[0]
        assert "decide by roles" in row.data


async def test_the_pickers_of_vaults_say_what_the_app_can_not(opened):
    async with opened(scenario="contoso", subscription="Contoso-ML") as (app, pilot):
        await begin(app, pilot, "first-party")
        await forward(app, pilot, ChooseVault)
        fits = {row.cells[0]: row.cells[4:] for row in app.screen.query_one(ListTable).rows_shown}
        assert fits["kv-ml-prod"] == (
            "WARN",
            "decides by roles, the app is documented for policies",
        )


async def test_containers_are_added_changed_and_taken_out(opened):
    async with opened(size=(100, 40)) as (app, pilot):
        page = await to_page(app, pilot)
        await open_choice(app, pilot, "add")
        assert isinstance(app.screen, ContainerPage)
        put(app, name="main", command="sh -c 'echo hi'", ports="80, 443", env='A=1 B="two words"')
        put(app, secure_env="TOKEN=env:SCORE KEY=file:~/k PASSWORD", cpu="9", memory_gb="2")
        app.screen.query_one(Go).action_go_on()
        await pilot.pause()
        assert "a name of its own" in words(app)
        put(app, name="side")
        await pilot.pause()
        app.screen.query_one(Go).action_go_on()
        await pilot.pause()
        assert "at most 4 and 16" in words(app)
        put(app, cpu="1.5")
        await pilot.pause()
        await forward(app, pilot, ContainerGroupPage)
        made = page.draft.container_group.containers[1]
        assert made.command == ["sh", "-c", "echo hi"]
        assert made.ports == [80, 443]
        assert made.env == {"A": "1", "B": "two words"}
        assert made.secure_env == {
            "TOKEN": "env:SCORE",
            "KEY": "file:~/k",
            "PASSWORD": "env:PASSWORD",
        }
        assert "2.5 cores" in words(app)
        await open_choice(app, pilot, "container-1")
        assert app.screen.query_one("#secure_env", FieldRow).value.endswith("PASSWORD")
        await open_choice(app, pilot, "remove")
        assert isinstance(app.screen, ContainerGroupPage)
        assert [one.name for one in page.draft.container_group.containers] == ["main"]
        await open_choice(app, pilot, "container-0")
        await open_choice(app, pilot, "remove")
        assert "at least one container" in words(app)


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("cpu", "much", "Example: 1.5"),
        ("cpu", "0", "above 0"),
        ("ports", "80, 80", "each port once"),
        ("ports", "70000", "1 to 65535"),
        ("env", "MODE", "NAME=value"),
        ("command", "sh 'open", "Example:"),
        ("secure_env", "TOKEN=s3cret", "never stands in a file"),
    ],
)
async def test_a_broken_rule_stands_below_its_field(opened, field, text, said):
    async with opened(size=(100, 40)) as (app, pilot):
        await to_page(app, pilot)
        await open_choice(app, pilot, "container-0")
        put(app, **{field: text})
        await pilot.pause()
        assert said.lower() in words(app).lower()
        app.screen.query_one(Go).action_go_on()
        await pilot.pause()
        assert isinstance(app.screen, ContainerPage)


async def test_a_secret_is_asked_for_hidden_and_what_ran_is_shown(opened, home: Path):
    secret = "s3cret-of-the-run"
    async with opened(size=(100, 40)) as (app, pilot):
        await to_page(app, pilot)
        await open_choice(app, pilot, "container-0")
        put(app, secure_env="WRAPKEY_TEST_ABSENT")
        await forward(app, pilot, ContainerGroupPage)
        await forward(app, pilot, Review)
        assert isinstance(app.screen, Review)
        app.start_run(app.screen.plan)
        await until(app, lambda: isinstance(app.screen, RunPage))
        page = app.screen
        assert isinstance(page, RunPage)
        async with asyncio.timeout(60):
            while page.view.pause.get("why") != "secret":
                await asyncio.sleep(0.02)
        page._flush()
        await pilot.pause()
        assert "env:WRAPKEY_TEST_ABSENT can't be read here" in words(app)
        await pilot.press("g")
        await pilot.pause()
        assert isinstance(app.screen, Prompt)
        app.screen.query_one(Input).value = secret
        await pilot.pause()
        assert secret not in shown(app)
        assert "•" in shown(app)
        await pilot.press("enter")
        async with asyncio.timeout(60):
            while page.view.status != "succeeded":
                await asyncio.sleep(0.02)
        page._flush()
        text = await quiet(app, pilot)
        assert "Last lines that container main has written" in text
        assert "Container  main" in text
        assert "b opens it" not in text
        assert secret not in text
    kept = [one for one in home.rglob("*") if one.is_file()]
    assert kept
    assert not any(secret.encode() in one.read_bytes() for one in kept)
