"""Every key of every screen, once.

Bindings, the footer, the help screen and the palette are made from these rows, so a key means
the same thing everywhere and is explained wherever it works. The word stands in the footer.
"""

from typing import NamedTuple

from textual.binding import Binding, BindingType


class Key(NamedTuple):
    """One thing a key does."""

    id: str
    keys: str
    """Textual key names, separated by commas; the first is the one shown."""
    action: str
    word: str
    """One word for the footer."""
    help: str
    """One sentence for the help screen."""
    shown: str = ""
    """How the key is written; empty: the first name itself."""
    footer: bool = True
    """Whether it stands in the footer."""


_KEYS = (
    # everywhere
    Key("quit", "q", "quit", "quit", "Leave wrapkey; a run that is going on is told first."),
    Key("keys", "question_mark,f1", "keys", "keys", "The keys of this screen and what it is.", "?"),
    Key("goto", "colon", "goto", "go to", "Go to a screen by its name.", ":"),
    Key("back", "escape", "back", "back", "Leave the field, then the screen.", "esc"),
    Key("show_text", "T", "show_text", "as text", "What was copied last, as text.", footer=False),
    Key(
        "explain",
        "x,f2",
        "explain",
        "explain",
        "What this means; again for more of it, or to close.",
        "x",
    ),
    Key("refresh", "ctrl+r", "again", "refresh", "Read it again from Azure.", "^r", False),
    # lists
    Key("down", "j,down", "cursor_down", "down", "One row down.", footer=False),
    Key("up", "k,up", "cursor_up", "up", "One row up.", footer=False),
    Key("top", "g,home", "scroll_top", "top", "To the first row.", footer=False),
    Key("bottom", "G,end", "scroll_bottom", "bottom", "To the last row.", footer=False),
    Key("filter", "slash", "filter", "filter", "Show only rows with these words.", "/"),
    Key("unfilter", "escape", "unfilter", "drop", "Drop the filter.", "esc"),
    Key("to_list", "enter,down", "to_list", "keep", "Keep the filter, back to the list."),
    Key("sort", "s", "sort", "sort", "Sort by the next column; S turns it round."),
    Key("turn", "S", "turn", "turn", "Turn the order round.", footer=False),
    Key("open", "enter", "select_cursor", "choose", "Choose or open this row."),
    Key("inspect", "i", "inspect", "inspect", "The JSON as Azure sent it.", footer=False),
    Key("copy", "y", "copy", "copy", "Send the id to the terminal's clipboard.", footer=False),
    Key(
        "portal", "o", "portal", "portal", "The address of this in the Azure portal.", footer=False
    ),
    Key("other_list", "tab", "other_list", "other list", "To the other list of this screen."),
    # a question
    Key("yes", "y", "yes", "yes", "Do it."),
    Key("no", "n,escape", "no", "no", "Change nothing."),
    Key("cancel", "escape", "no", "back", "Change nothing.", "esc"),
    Key("close", "escape,q,enter", "close", "close", "Close this.", "esc"),
    Key("close_help", "question_mark,f1", "close", "close", "Close the help.", "?", False),
    Key("copy_text", "y", "copy", "copy", "Send the text to the terminal's clipboard."),
    Key("down_text", "j", "cursor_down", "down", "One line down.", footer=False),
    Key("up_text", "k", "cursor_up", "up", "One line up.", footer=False),
    Key("accept", "enter", "accept", "accept", "Take what is written."),
    Key("read_on", "pagedown,down", "read_on", "read on", "The rest of the question.", "pgdn"),
    Key("read_back", "pageup,up", "read_back", "back", "Back in the question.", footer=False),
    # forms
    Key("open_choice", "enter,space", "open_choice", "choose", "Open this choice."),
    Key("go_on", "enter,space", "go_on", "continue", "Go on with what is chosen."),
    Key("submit_form", "enter", "submit", "continue", "Go on with what is typed and chosen."),
    Key("row_down", "down,j", "row_down", "down", "To the next row.", footer=False),
    Key("row_up", "up,k", "row_up", "up", "To the row before.", footer=False),
    # set up
    Key("create", "c", "create", "create", "Create a new one instead of choosing."),
    Key("versions", "v", "versions", "versions", "The versions of this key."),
    Key("again_list", "r", "again", "again", "Read it again from Azure.", footer=False),
    Key("next_tab", "tab", "next_tab", "next tab", "Plan, checks, quota, cost, and round again."),
    Key("assume", "e", "assume", "assume", "Assume something else for this line of the cost."),
    Key("currency", "u", "currency", "currency", "Another currency."),
    Key(
        "modes",
        "m",
        "modes",
        "bars",
        "Bars, and both modes of encryption where there are two, or the list.",
    ),
    Key("fix", "f", "fix", "fix", "Take this finding's repair into the plan, or leave it out."),
    Key(
        "fix_all", "F", "fix_all", "fix all", "Take every repair that can be undone.", footer=False
    ),
    Key("write_intent", "w", "write_intent", "write", "Write the intent as a TOML file."),
    Key("apply", "a", "apply", "apply", "Do what the plan says, after one question."),
    # a run
    Key("details", "enter", "details", "details", "Everything known about this step."),
    Key("pause", "p", "pause", "pause", "No new write until p is pressed again."),
    Key("give", "g", "give", "give", "Type the secret that a step waits for; it is kept nowhere."),
    Key("stop", "s", "stop", "stop", "Begin nothing more; writes on their way are awaited."),
    Key("resume", "c", "resume", "go on", "Go on with it, after a look at what has changed."),
    Key(
        "run_log", "l", "run_log", "log", "Steps, writes with request ids, and events of this run."
    ),
    Key("run_export", "e", "run_export", "export", "Write its log to a file: Markdown or JSON."),
    Key("take_over", "t", "take_over", "take over", "Carry the run out here instead."),
    Key("leave", "l", "leave", "leave", "Leave wrapkey; what becomes of the run stands above."),
    Key("stop_all", "s", "stop", "stop", "Stop after the writes on their way, and leave."),
    Key("stay", "escape,n", "stay", "stay", "Change nothing.", "esc"),
    Key("retry", "r", "retry", "retry", "Try the failed or waiting step again."),
    Key("undo", "u", "undo", "undo", "What this run made, and what an undo would take back."),
    Key("result_portal", "o", "portal", "portal", "The address of what was made in the portal."),
    Key("result_browse", "b", "browse_result", "browse", "The finished workspace, in Browse."),
    Key("run_down", "j,down", "run_down", "down", "One step down.", footer=False),
    Key("run_up", "k,up", "run_up", "up", "One step up.", footer=False),
    # an undo
    Key("undo_now", "a", "undo_now", "delete", "Delete what is marked, after a typed word."),
    Key("with_key", "w", "with_key", "with key", "Take key and vaults too, softly, or leave them."),
    # a diagnosis
    Key("ask", "enter", "submit", "diagnose", "Look at what is named; explain an error."),
    Key("ask_list", "down", "to_list", "list", "To the list of workspaces."),
    Key("repair", "f", "repair", "fix", "Repair what is selected; its steps are shown first."),
    Key("repair_all", "F", "repair_all", "fix all", "Repair all that can be undone.", footer=False),
    Key("timeline", "t", "timeline", "timeline", "What happened, newest first; again for back."),
    Key("next_view", "tab", "next_view", "tree", "Findings, tree, timeline, and round again."),
    Key("export", "e", "export", "export", "Write a report: Markdown, HTML or JSON."),
    Key("proof", "p", "proof", "proof", "Wrap and unwrap random bytes, as you.", footer=False),
    Key("judge_again", "r", "again", "again", "Read it all again, judge it anew.", footer=False),
    Key("local", "L", "local", "local time", "Your own time instead of UTC, and back.", "", False),
    Key("diagnose_this", "d", "diagnose_this", "diagnose", "Why this does not work.", footer=False),
    # a rotation, a delete, and who depends on a key
    Key("rotate_this", "r", "rotate_this", "rotate", "Move it to another version of its key."),
    Key("rotate_now", "a", "rotate_now", "rotate", "Do what is listed, after one question."),
    Key(
        "rotate_to",
        "v",
        "rotate_to",
        "version",
        "Another version, or another key of the same vault.",
    ),
    Key("secrets", "e", "secrets", "secrets", "Where the secrets of a group made again are found."),
    Key("delete_this", "D", "delete_this", "delete", "Delete it; what goes is shown first."),
    Key("delete_now", "a", "delete_now", "delete", "Delete it, after its name was typed."),
    Key("purge", "p", "purge", "purge", "For good at once, or softly again."),
    Key("dependents", "b", "dependents", "who uses", "Who depends on this.", footer=False),
    # for other tools
    Key("exports", "E", "exports", "for tools", "Files and commands for tools not of wrapkey."),
    Key("exports_too", "E", "exports", "for tools", "Files and commands for tools.", footer=False),
    Key("write_export", "w", "write_export", "write", "Write it to a file."),
    Key("copy_export", "y", "copy", "copy", "Send it to the terminal's clipboard."),
    Key("copy_lines", "Y", "copy_lines", "copy lines", "Send what to run to the clipboard."),
    Key("change_export", "v", "change_export", "change", "Another key, set, name, kind of disk."),
    Key("next_export", "tab", "next_export", "other", "The other export, and back."),
    # signing in
    Key("identity", "w", "identity", "who", "Who is signed in; sign in as someone else."),
    Key("again", "r", "again", "again", "Try every credential again."),
    Key("tenant", "d", "tenant", "tenant", "Sign in to another tenant (directory)."),
    Key("code", "c", "copy_code", "copy", "Send the code to the terminal's clipboard."),
    Key("text", "t", "text", "text", "Show it as plain text, to be selected with the mouse."),
    # Home
    Key("setup", "n", "open('setup')", "set up", "Set up something encrypted with your own key."),
    Key("diagnose", "d", "open('diagnose')", "diagnose", "Why an encrypted deployment fails."),
    Key(
        "rotate",
        "r",
        "open('rotate')",
        "rotate",
        "Another version of a key in use.",
        footer=False,
    ),
    Key(
        "browse", "b", "open('browse')", "browse", "Subscriptions, vaults, keys, what they encrypt."
    ),
    Key("runs", "h", "open('runs')", "runs", "Runs, finished and interrupted.", footer=False),
)

KEYS: dict[str, Key] = {key.id: key for key in _KEYS}
"""By id."""


def bind(*ids: str) -> list[BindingType]:
    """Bindings for these rows, in this order; KeyError for an id that is no row."""
    return [_binding(KEYS[id]) for id in ids]


def _binding(key: Key) -> Binding:
    return Binding(
        key.keys,
        key.action,
        key.word,
        show=key.footer,
        key_display=key.shown or key.keys.split(",")[0],
        tooltip=key.help,
        id=key.id,
    )
