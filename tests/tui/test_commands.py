import json

import pytest

from tui.exits import Exit

GUID = "00000000-0000-0000-0000-000000000000"

INTENT = """\
kind = "workspace"
subscription = "{subscription}"
region = "westeurope"
resource_group = "rg-ml"
[vault]
name = "kv-from-file"
create = true
[key]
name = "cmk-ml"
create = true
[workspace]
name = "mlw-file"
"""


def test_exit_codes_are_the_promised_ones():
    assert {code.name: int(code) for code in Exit} == {
        "DONE": 0,
        "BUG": 1,
        "BAD_INPUT": 2,
        "CHECK_FAILS": 3,
        "AZURE_REFUSED": 4,
        "NOT_SIGNED_IN": 5,
        "INTERRUPTED": 6,
    }


def test_subscriptions_as_json(call, connected, sandbox):
    said = call(*connected, "subscriptions", "--json")
    assert said.code == 0
    assert said.err == ""
    assert said.json["schema"] == 1
    assert [one["id"] for one in said.json["subscriptions"]] == [sandbox.subscription]
    assert "raw" not in said.json["subscriptions"][0]


def test_global_options_may_follow_the_command(call, connected, sandbox):
    said = call("subscriptions", "--json", *connected)
    assert [one["id"] for one in said.json["subscriptions"]] == [sandbox.subscription]


def test_connect_is_read_from_the_environment(call, connected, sandbox, monkeypatch):
    monkeypatch.setenv("WRAPKEY_CONNECT", connected[1])
    assert call("subscriptions").code == 0


def test_lists_of_an_estate(call, connected, sandbox):
    sandbox.reset("contoso")
    vaults = call(*connected, "vaults", "--subscription", "Contoso-ML", "--json").json["vaults"]
    everywhere = call(*connected, "vaults", "--json").json["vaults"]
    names = {one["name"] for one in vaults}
    assert "kv-ml-prod" in names
    assert len(everywhere) > len(vaults)
    keys = call(*connected, "keys", "kv-ml-prod", "--json").json["keys"]
    assert keys
    assert all("raw" not in one["current"] for one in keys)
    table = call(*connected, "workspaces")
    assert table.code == 0
    assert "mlw-" in table.out
    assert table.err.startswith("Name"), "the heading is talk where stdout is no terminal"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "No such command"),
        (["--speed", "0", "subscriptions"], "above 0"),
        (["--cloud", "AzureMoon", "subscriptions"], "no cloud named AzureMoon"),
        (["--connect", "/nowhere/ready.json", "subscriptions"], "ready-file"),
        (["--sandbox", "--connect", "x", "subscriptions"], "exclude"),
        (["--sandbox", "--cloud", "AzureCloud", "subscriptions"], "leave --cloud out"),
        (["plan", "/nowhere/intent.toml"], "does not exist"),
        (["completion", "tcsh"], "not one of"),
    ],
)
def test_bad_input_names_the_rule(call, arguments, says):
    said = call(*arguments)
    assert said.code == Exit.BAD_INPUT
    assert said.out == ""
    assert says in said.err
    assert "Traceback" not in said.err


def test_unknown_principal_and_subscription(call, connected):
    said = call(*connected, "--principal", "nobody", "subscriptions")
    assert (said.code, "admin" in said.err) == (Exit.BAD_INPUT, True)
    said = call(*connected, "--subscription", "nope", "vaults")
    assert (said.code, "can't see a subscription nope" in said.err) == (Exit.BAD_INPUT, True)


def test_refusals_of_azure_are_sentences(call, connected):
    said = call(*connected, "keys", "kv-not-there")
    assert said.code == Exit.AZURE_REFUSED
    assert len(said.err.splitlines()) >= 3
    assert "Traceback" not in said.err


def test_wrong_secret_is_not_signed_in(call, sandbox, tmp_path):
    ready = json.loads(json.dumps(sandbox.ready))
    for one in ready["principals"]:
        one["client_secret"] = "wrong-secret-value"
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(ready))
    said = call("--connect", str(file), "subscriptions")
    assert said.code == Exit.NOT_SIGNED_IN
    assert "wrong-secret-value" not in said.err + said.out


def test_bad_intent_names_every_line_at_once(call, tmp_path):
    file = tmp_path / "intent.toml"
    file.write_text('kind = "workspace"\nsubscription = "nope"\nregiom = "westeurope"\n')
    said = call("plan", str(file))
    assert said.code == Exit.BAD_INPUT
    assert f"{file}:2: subscription" in said.err
    assert f"{file}:3: regiom" in said.err
    assert "Did you mean region?" in said.err


def test_plan_changes_nothing(call, connected, sandbox, tmp_path):
    file = tmp_path / "intent.toml"
    file.write_text(INTENT.format(subscription=sandbox.subscription))
    said = call(*connected, "plan", str(file), "--json")
    assert said.code == 0
    steps = said.json["steps"]
    assert {"id", "title", "action", "target", "needs", "irreversible", "expected_s"} == set(
        steps[0]
    )
    assert steps[-1]["action"] == "verify"
    writes = [one for one in sandbox.requests() if one["method"] in {"PUT", "PATCH", "DELETE"}]
    assert writes == []


def test_a_plan_fits_a_terminal_of_80_columns(call, connected, sandbox, tmp_path):
    file = tmp_path / "intent.toml"
    file.write_text(INTENT.format(subscription=sandbox.subscription))
    lines = call(*connected, "plan", str(file)).out.splitlines()
    steps = [line for line in lines if line[:2].strip().isdigit()]
    assert any("CAN'T BE UNDONE" in line for line in steps)
    assert max(map(len, steps)) <= 80


def test_apply_asks_and_can_only_be_told_yes_without_a_terminal(call, connected, sandbox, tmp_path):
    file = tmp_path / "intent.toml"
    file.write_text(INTENT.format(subscription=sandbox.subscription))
    said = call(*connected, "apply", str(file))
    assert (said.code, "--yes" in said.err) == (Exit.BAD_INPUT, True)


def test_apply_carries_it_out_and_again_does_nothing(call, connected, sandbox, tmp_path):
    file = tmp_path / "intent.toml"
    file.write_text(INTENT.format(subscription=sandbox.subscription))
    said = call(*connected, "apply", str(file), "--yes", "--json")
    events = [json.loads(line) for line in said.out.splitlines()]
    assert said.code == 0, said.out[-800:]
    assert events[0]["event"] == "run.started"
    assert events[-1]["event"] == "run.finished"
    assert events[-1]["detail"]["status"] == "succeeded"
    assert {one["schema"] for one in events} == {1}
    puts = [one["path"] for one in sandbox.requests() if one["method"] == "PUT"]
    again = call(*connected, "apply", str(file), "--yes")
    assert again.code == 0
    assert [one["path"] for one in sandbox.requests() if one["method"] == "PUT"] == puts


def test_read_only_refuses_to_apply(call, connected, sandbox, tmp_path):
    file = tmp_path / "intent.toml"
    file.write_text(INTENT.format(subscription=sandbox.subscription))
    said = call(*connected, "--read-only", "apply", str(file), "--yes")
    assert said.code == Exit.AZURE_REFUSED
    assert not [one for one in sandbox.requests() if one["method"] == "PUT"]


def test_a_home_that_is_no_folder_is_bad_input(call, tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("WRAPKEY_HOME", str(file))
    said = call("info")
    assert (said.code, "WRAPKEY_HOME" in said.err) == (Exit.BAD_INPUT, True)


def test_info_tells_paths_below_the_home(call, home):
    said = call("info", "--json")
    assert said.json["paths"]["state"].startswith(str(home))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_of_each_shell(call, shell):
    said = call("completion", shell)
    assert said.code == 0
    assert "_WRAPKEY_COMPLETE" in said.out


def test_sandbox_env_points_everything_at_it(call, connected, sandbox):
    said = call(*connected, "sandbox", "env")
    assert f"export REQUESTS_CA_BUNDLE={sandbox.ca_file}" in said.out
    assert "unset NO_PROXY" in said.out
    assert sandbox.arm in said.out


def test_sandbox_reset_starts_over(call, connected, sandbox):
    said = call(*connected, "sandbox", "reset", "--scenario", "contoso")
    assert (said.code, said.out) == (0, "")
    assert len(call(*connected, "subscriptions", "--json").json["subscriptions"]) > 1
    bad = call(*connected, "sandbox", "reset", "--scenario", "no-such")
    assert bad.code == Exit.BAD_INPUT
