"""Every command of `postdevai` in one table; nothing is imported but the one that is used."""

from __future__ import annotations

from collections.abc import Iterator

TABLE = """\
Start, look, stop
  up        machine:up           Start the nodes that are missing here, and watch repositories.
  status    machine:status       Tell how things stand, and what needs you.
  doctor    doctoring:doctor     Look for what is wrong here, and say what to do about it.
  tui       machine:tui          Open the TUI: timeline, failures, questions.
  watch     machine:watch        Watch one more repository from now on.
  unwatch   capturing:unwatch    Follow a repository no more; what was recorded of it stays.
  down      machine:down         Stop the three nodes of this machine, in order.
Record
  shell     application:shell    Open your shell, and record what you run in it.
  run       application:run      Run a command as it is, and record it: run -- CMD...
  import    capturing:bring_in   Import what another tool has kept, each entry once.
  pause     capturing:pause      Record no command for a while.
  resume    capturing:resume     Record commands again.
  never     capturing:never      Name a directory in which nothing is ever recorded.
  redact    redacting:redact     Show what would be kept of a text, and which rule took what.
Ask and look back
  ask       answers:ask          Answer a question from the code, with citations that open.
  search    answers:search       Find places in the code, by meaning and words or exactly.
  open      answers:open_blob    Show cited content as it was when it was indexed.
  recall    memory:recall        Show what is remembered about a failure, and what mended it.
  history   memory:history       Show what happened, newest first.
  related   keeping:related      Show what a file, commit or failure has to do with.
Remedies
  prove     remedies:prove       Try a remedy again: red without it, green with it, offline.
  mine      remedies:mine        Find fixes of the past that carry a test, in the git log.
  patch     remedies:patch       Print a remedy as a patch for the files here; you apply it.
  cards     remedies:cards       Show how cards were taken, and which projects are quiet.
  snooze    remedies:snooze      Put a card off: the same symptom makes none for so long.
  autonomy  remedies:autonomy    Show or set what is done without asking.
  revert    remedies:revert      Take back what was done in your name.
Look after what is kept
  lake      lake:group           Show the lake: room, projects, snapshots; or look after it.
  models    models:group         Show the models and the memory they take; or look after them.
  kept      keeping:kept         Tell what is kept, where, how old it is, and what ends its stay.
  forget    keeping:forget       Remove what matches, here and on the Dragon.
  snapshot  lake:snapshot        Write a generation of the lake to the Dragon's SSD.
  restore   lake:restore         Rebuild the stores from a generation and the journal after it.
  backup    lake:backup          Write all that another machine needs.
Share between your laptops
  settings  settings:group       Show or set what holds on all your laptops.
  pins      pins:group           Pin files that stand first in every answer, on all your laptops.
  notes     notes:group          Keep notes that your laptops share.
  sync      sync:group           Tell what waits here, and what lost against another laptop's edit.
Agents and editors
  mcp       agents:mcp           Serve agents: what is remembered here, over MCP.
  lsp       editors:lsp          Serve editors: what failed at its line, with what mended it.
The mesh
  nodes     nodes:group          List the nodes of the mesh, or tell where work goes.
  mesh      mesh:group           Tell which engine keeps the mesh's state, or move it to another.
  tasks     tasks:group          Show what is to be done, who does it, and what came of it.
  audit     audit:group          Show who was let in, refused or put out; or check the log.
  policy    policy:group         Tell who may call what, and by which rule.
  revoke    recover:revoke       Put a node out for good.
  recover   recover:recover      Recover from a lost laptop, or from lost keys.
  owner     owner:group          Show the owner's key, and which sealing keys it has signed.
  invite    nodes:invite         Print a one-time code for a new node.
  join      nodes:join           Make this machine a node of a mesh, with a one-time code.
  leave     leave:leave          Hand a node of this machine on to another, and be it no longer.
  renew     renewing:renew       Renew the certificate of a tool before it ends.
This program
  service   service:group        Run the nodes as services that start by themselves.
  upgrade   upgrade:upgrade      Move to another version, and go back by itself if it is not well.
  bench     measuring:bench      Measure how fast this mesh answers, in under a minute.
  completion completing:completion Complete commands, options and names as you type.
  uninstall  uninstall:uninstall   Stop the mesh and take PostDevAI out of your shells.
"""
"""By purpose: a name, where it is made (module of this package:function), and its line of help.
A function named `group` makes a command that has commands of its own."""

HELP = """\
Usage: postdevai COMMAND [OPTIONS] [WORDS]...

  A developer's memory, on the developer's own machines.

  Start with `postdevai up --repo DIR`, record with `postdevai shell`, then ask.
"""

OPTIONS = """\
Options:
  --version   Show the version.
  -h, --help  Show this message and exit; `postdevai COMMAND --help` tells of one command.
"""


def every() -> Iterator[tuple[str, str, str]]:
    """Each command, in the order of `--help`: name, where it is made, its line of help."""
    for row in TABLE.splitlines():
        if row.startswith(" "):
            name, made, said = row.split(None, 2)
            yield name, made, said


def target(name: str) -> str:
    """Where a command is made; empty when there is no such command."""
    return next((made for known, made, _ in every() if known == name), "")


def near(name: str) -> str:
    """The command that was probably meant; empty when none is like it."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, [known for known, _, _ in every()], 1)), "")


def help_text() -> str:
    """`postdevai --help`."""
    said = HELP
    for row in TABLE.splitlines():
        if row.startswith(" "):
            name, _, line = row.split(None, 2)
            said += f"  {name:<10} {line}\n"
        else:
            said += f"\n{row}:\n"
    return f"{said}\n{OPTIONS}"
