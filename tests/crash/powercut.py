"""What a power cut does to a stopped daemon's write-ahead logs: bytes behind the last fsync are gone, from some byte on."""
import glob
import os


def last_fsync(task):
    """(log file, bytes of it that are safe); before all files if the task was never synced."""
    try:
        with open(os.path.join(task, "SYNCED"), encoding="utf-8") as file:
            name, synced = file.read().split()
            return name, int(synced)
    except FileNotFoundError:
        return "", 0


def cut(state, random, whole):
    """Cuts each task's log; answers how many lost something. `whole`: all that was not synced is lost, else a part of it.

    A later log file is lost whole if an earlier one was cut: a gap would be no state that ever was on the disk.
    """
    cuts = 0
    for task in sorted(glob.glob(os.path.join(state, "task-*"))):
        name, synced = last_fsync(task)
        lost = False
        for path in sorted(glob.glob(os.path.join(task, "*.log"))):
            number = os.path.basename(path)
            if number < name:
                continue
            size = os.path.getsize(path)
            safe = min(synced, size) if number == name else 0
            keep = 0 if lost else safe if whole else random.randint(safe, size)
            if keep < size:
                os.truncate(path, keep)
                lost = True
        cuts += lost
    return cuts
