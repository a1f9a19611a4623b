#!/usr/bin/env python3
"""Holds .pre-commit-hooks.yaml against what pre-commit asks of it, and runs its entry as pre-commit would.

    pre_commit_check.py TOCSIN ROOT
"""
import os
import re
import shlex
import subprocess
import sys

import yaml

# Of pre-commit's own manifest schema.
REQUIRED = {"id", "name", "entry", "language"}
KNOWN = REQUIRED | {"description", "types", "types_or", "exclude_types", "files", "exclude", "args", "stages", "verbose",
                    "pass_filenames", "require_serial", "always_run", "fail_fast", "minimum_pre_commit_version",
                    "additional_dependencies", "language_version", "log_file", "alias"}


def main(tocsin, root):
    with open(os.path.join(root, ".pre-commit-hooks.yaml"), encoding="utf-8") as file:
        hooks = yaml.safe_load(file)
    wrong = []
    if [hook.get("id") for hook in hooks] != ["tocsin-check-rules", "tocsin-test-rules"]:
        wrong.append("a hook is missing, or others are there that nothing tries")
    for hook in hooks:
        wrong += [f"{hook.get('id')}: {key} is missing" for key in sorted(REQUIRED - set(hook))]
        wrong += [f"{hook.get('id')}: {key} is no key of pre-commit's" for key in sorted(set(hook) - KNOWN)]
    if wrong:
        print("\n".join(wrong))
        return 1

    hook, environment = hooks[0], dict(os.environ, PATH=os.path.dirname(tocsin) + os.pathsep + os.environ["PATH"])
    listed = subprocess.run(["git", "-C", root, "ls-files"], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    taken = [path for path in listed or ["rules/person.yml", "rules/area.yml"] if re.search(hook["files"], path)]
    for expected, files in ((0, taken), (1, [*taken, "tests/rules/broken/unknown_key.yml"])):
        ran = subprocess.run([*shlex.split(hook["entry"]), *hook.get("args", []), *files], cwd=root, env=environment,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        if ran.returncode != expected or (expected and "did you mean" not in ran.stdout):
            wrong.append(f"{hook['entry']} {' '.join(files)}: exit code {ran.returncode}\n{ran.stdout}")
    if "rules/person.yml" not in taken or any(path.startswith("tests/") for path in taken):
        wrong.append(f"`files` takes other files than the rules: {taken}")
    ran = subprocess.run(shlex.split(hooks[1]["entry"]), cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, timeout=60, check=False)
    if ran.returncode != 0 or "tests passed" not in ran.stdout or hooks[1].get("pass_filenames") is not False:
        wrong.append(f"{hooks[1]['entry']}: exit code {ran.returncode}\n{ran.stdout}")
    for path in ("rules/person.yml", "rules/tests/person.yml"):
        if not re.search(hooks[1]["files"], path):
            wrong.append(f"tocsin-test-rules does not run when {path} changes")
    print("\n".join(wrong) or f"{len(taken)} files of rules")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
