"""``datahall engine``: a table of verbs, each imported only when it is called."""

from cyclopts import App

from datahall.commands.engine import _bare

_ABOUT = "Run the embedded engine on any Pulumi Python project, with the official CLI's verbs."
_HELP_END = """Example:
  datahall engine up -C DIR -s dev --plugin-path plugins --yes

Environment variables:
  PULUMI_BACKEND_URL  where stacks are kept: file://FOLDER or s3://BUCKET/PREFIX?region=...
  PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE
                      the secrets' passphrase
  DATAHALL_ANSWER_SECONDS
                      how long a plugin may take to answer a question (600; 0: without end)
  DATAHALL_PROVIDER_TIMEOUT
                      how long a provider may take for what it does (3h; 0: without end)"""

# other names of verbs, as the official CLI has them
_ALSO: dict[str, dict[str, list[str]]] = {
    "engine": {"preview": ["pre"], "up": ["update"], "destroy": ["down", "dn"]},
    "stack": {
        "init": ["new", "create", "setup"],
        "ls": ["list"],
        "rm": ["remove", "delete"],
        "history": ["hist"],
    },
    "state": {"show": ["get"], "delete": ["remove", "rm"], "move": ["mv"]},
    "config": {"rm": ["remove", "delete"], "rm-all": ["remove-all", "delete-all"], "cp": ["copy"]},
}
_OPERATIONS = {
    "preview": "Show what up would change; nothing is changed.",
    "up": "Bring the stack to what the program asks for.",
    "refresh": "Record what the providers say the resources are now.",
    "import": "Make what is there already the stack's own.",
    "destroy": "Delete all resources of the stack; the empty stack stays.",
    "cancel": "Take away a stack's locks.",
}
_STACK = {
    "init": "Make an empty stack.",
    "ls": "List the project's stacks.",
    "rm": "Remove a stack and its configuration file.",
    "rename": "Give a stack another name.",
    "output": "Show a stack's outputs, or one of them.",
    "export": "Write a stack's deployment as JSON.",
    "import": "Make an exported deployment the stack's state.",
    "graph": "Write a stack's dependencies as a graph in DOT.",
    "change-secrets-provider": "Encrypt a stack's secrets with another passphrase.",
    "history": "Show what was done to a stack, the newest first.",
}
_STATE = {
    "list": "List the recorded resources.",
    "show": "Show one recorded resource.",
    "delete": "Take resources out of the state; what they stand for is not deleted.",
    "rename": "Give a recorded resource another name.",
    "move": "Move resources to another stack's state.",
    "repair": "Put a damaged record in order.",
    "protect": "Protect resources against deletion.",
    "unprotect": "Take away resources' protection.",
    "taint": "Have the next update replace resources.",
    "untaint": "Take that mark away.",
}
_CONFIG = {
    "get": "Show a value.",
    "set": "Set a value.",
    "set-all": "Set several values.",
    "rm": "Remove a value.",
    "rm-all": "Remove several values.",
    "cp": "Copy a value, or all, to another stack.",
    "refresh": "Make the file anew as the last operation had it.",
}


def _group(name: str, about: str, verbs: dict[str, str], module: str, *, epilogue: str | None = None) -> App:
    # no --version here: `stack export` has one in the official CLI, and it is not that of datahall
    app = App(name=name, help=about, help_epilogue=epilogue, sort_key=99, version_flags=[])
    for order, (verb, told) in enumerate(verbs.items()):
        function = f"{verb}_" if verb in ("set", "list", "import") else verb.replace("-", "_")
        path = module.format(verb=function)
        names = [verb, *_ALSO[name].get(verb, ())]
        app.command(f"datahall.commands.engine.{path}:{function}", name=names, help=told, sort_key=order)
    return app


app = _group("engine", _ABOUT, _OPERATIONS, "{verb}", epilogue=_HELP_END)
_stack = _group("stack", f"Show a stack, or: {', '.join(_STACK)}.", _STACK, "stack")
_stack.default(_bare.stack)
_config = _group("config", f"List a stack's configuration, or: {', '.join(_CONFIG)}.", _CONFIG, "config")
_config.default(_bare.config)
app.command(_stack)
app.command(_group("state", f"What is recorded: {', '.join(_STATE)}.", _STATE, "state"))
app.command(_config)
