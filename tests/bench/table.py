"""Figures as a table for people and as JSON for machines."""
import json
import statistics


class Figure:
    """One row: what was measured, in which unit, each run's value, and the goal if there is one ("<= N")."""

    def __init__(self, name, unit, values, goal=None, must=None, note=""):
        self.name, self.unit, self.values, self.goal, self.must, self.note = name, unit, list(values), goal, must, note

    @property
    def median(self):
        return statistics.median(self.values)

    def verdict(self):
        if self.goal is None:
            return ""
        if self.median <= self.goal:
            return "goal met"
        return "goal missed" if self.must is None else ("must met" if self.median <= self.must else "must MISSED")

    def as_dict(self):
        return {"name": self.name, "unit": self.unit, "median": self.median, "values": self.values, "goal": self.goal, "must": self.must,
                "verdict": self.verdict(), "note": self.note}


def show(number):
    """Three figures are more than the noise allows."""
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def spread(values):
    return f"{show(min(values))} to {show(max(values))}" if len(values) > 1 else ""


def markdown(figures, facts):
    """A table that reads well in a terminal and in a page."""
    rows = [("figure", "median", "unit", "runs", "goal", "verdict", "remark")]
    for f in figures:
        goal = "" if f.goal is None else f"<= {show(f.goal)}" + (f" (must {show(f.must)})" if f.must is not None else "")
        rows.append((f.name, show(f.median), f.unit, spread(f.values), goal, f.verdict(), f.note))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join([f"{name}: {value}" for name, value in facts.items()] + [""] + lines) + "\n"


def write(path, figures, facts):
    """`path` without ending: .json and .md."""
    with open(path + ".json", "w", encoding="utf-8") as file:
        json.dump({"facts": facts, "figures": [f.as_dict() for f in figures]}, file, indent=2)
        file.write("\n")
    with open(path + ".md", "w", encoding="utf-8") as file:
        file.write(markdown(figures, facts))
