"""What a power cut does to a stopped daemon's write-ahead logs: bytes behind the last fsync are gone, from some byte on."""
import glob
import os


def cut(state, random, whole):
    """Cuts each task's log; answers how many lost something. `whole`: all that was not synced is lost, else a part of it.

    A later log file is lost whole if an earlier one was cut: a gap would be no state that ever was on the disk.
    """
    cuts = 0
    for mark in sorted(glob.glob(os.path.join(state, "task-*", "SYNCED"))):
        with open(mark, encoding="utf-8") as file:
            name, synced = file.read().split()
        lost = False
        for path in sorted(glob.glob(os.path.join(os.path.dirname(mark), "*.log"))):
            number = os.path.basename(path)
            if number < name:
                continue
            size = os.path.getsize(path)
            safe = min(int(synced), size) if number == name else 0
            keep = 0 if lost else safe if whole else random.randint(safe, size)
            if keep < size:
                os.truncate(path, keep)
                lost = True
        cuts += lost
    return cuts
