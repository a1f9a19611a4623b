#!/usr/bin/env python3
"""What the shells offer while a command of tocsin is typed, and that nothing of --help is missing from it.

    completion_check.py TOCSIN ROOT

bash is asked; fish and zsh too where they are installed: fish what it offers, zsh whether it can read the script and
what it would offer.
"""
import os
import shutil
import subprocess
import sys
import tempfile

# Words typed, the last one under the cursor, and all that is offered for it.
OFFERED = [
    (["che"], {"check"}),
    (["check", ""], {"config", "rules", "test", "events"}),
    (["check", "config", "--"], {"--config.file", "--help"}),
    (["check", "rules", "--li"], {"--lint", "--lint-fatal"}),
    (["check", "rules", "--format", "s"], {"sarif"}),
    (["run", "--clock", ""], {"wall", "event"}),
    (["run", "--log.level", "w"], {"warn"}),
    (["replay", "-o", "t"], {"table"}),
    (["completion", ""], {"bash", "zsh", "fish"}),
    (["version", ""], set()),
    (["state", "rebuild", "--st"], {"--storage.path"}),
    (["check", "rules", "rul"], {"rules.yml"}),
    (["replay", "--events", "rul"], {"rules.yml"}),
]
# `--flag=value`: bash hands it over in three words.
OFFERED_BEHIND_EQUALS = [(["run", "--clock", "=", ""], {"wall", "event"}), (["run", "--log.format", "=", "j"], {"json"})]


def output(command, folder, **more):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False, **more)


def bash_offers(script, words, folder):
    asked = 'source "$0"; COMP_WORDS=(tocsin "$@"); COMP_CWORD=$#; _tocsin; printf "%s\\n" "${COMPREPLY[@]}"'
    return set(output(["bash", "-c", asked, script, *words], folder).stdout.split())


def zsh_offers(script, words, folder):
    asked = ('compdef() { :; }; _files() { print -l -- ${PREFIX}*(N); }; compset() { PREFIX=${PREFIX#*=}; }; '
             'compadd() { shift; print -l -- ${(M)@:#${PREFIX}*}; }; source $1; shift; '
             'words=(tocsin "$@"); CURRENT=$#words; PREFIX=$words[-1]; _tocsin')
    return set(output(["zsh", "-fc", asked, "zsh", script, *words], folder).stdout.split())


def fish_offers(script, words, folder):
    line = " ".join(["tocsin", *words])
    out = output(["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, line], folder).stdout
    return {offer.split("\t")[0] for offer in out.splitlines()}


def flags_missing(root, tocsin, script, folder):
    """Flags of --help that bash does not offer, command by command."""
    sys.path.insert(0, os.path.join(root, "tests/arch"))
    from documents import Place, helped, run
    real = helped(Place(root, lambda arguments, where: run(tocsin, arguments, where)))
    found = []
    for command, flags in real.items():
        offered = bash_offers(script, [*command.split(), "-"], folder)
        found += [f"bash: {flag} of {command} is not offered" for flag in sorted(flags - offered)]
        found += [f"bash: {flag} of {command} is offered and is none" for flag in sorted(offered - flags - {"-h", "--help"})]
    return found if len(real) > 10 else ["--help lists no commands"]


def check_shell(shell, script, folder, wrong):
    syntax = output([shell, "-n", script], folder)
    if syntax.returncode != 0:
        wrong.append(f"{shell}: cannot read the script: {syntax.stdout}")
        return
    offers = {"bash": bash_offers, "zsh": zsh_offers, "fish": fish_offers}[shell]
    more = OFFERED_BEHIND_EQUALS if shell == "bash" else [([*words[:-3], words[-3] + "=" + words[-1]], offered)
                                                          for words, offered in OFFERED_BEHIND_EQUALS]
    for words, expected in OFFERED + more:
        offered = {word.rsplit("=", 1)[-1] for word in offers(script, words, folder)}
        # fish offers a short flag beside each long one, and sorts what it takes a word to mean its own way.
        if offered != expected and not (shell == "fish" and expected <= offered and words[-1].startswith("--")):
            wrong.append(f"{shell}: tocsin {' '.join(words)}: {sorted(offered)} instead of {sorted(expected)}")


def main(tocsin, root):
    wrong, tried = [], []
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "rules.yml"), "w", encoding="utf-8").close()
        for shell in ("bash", "zsh", "fish"):
            script = os.path.join(folder, f"completion.{shell}")
            with open(script, "wb") as file:
                subprocess.run([tocsin, "completion", shell], stdout=file, check=True, timeout=60)
            if os.path.getsize(script) < 1000:
                wrong.append(f"{shell}: no script")
            if shutil.which(shell) is None:
                print(f"not tried, because it is not installed: {shell}")
                continue
            tried.append(shell)
            check_shell(shell, script, folder, wrong)
        wrong += flags_missing(root, tocsin, os.path.join(folder, "completion.bash"), folder)
    if "bash" not in tried:
        wrong.append("without bash nothing was tried")
    print("\n".join(wrong) or f"tried: {', '.join(tried)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
