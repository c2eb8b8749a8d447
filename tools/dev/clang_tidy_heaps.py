#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Looks at many sources with clang-tidy, about a hundred at once: most of its time goes into
# headers, which it then reads once for all of them.
#
#   clang_tidy_heaps.py CLANG_TIDY COMMANDS JOBS <UNITS
#
# COMMANDS is the folder of a compile_commands.json; UNITS are the files of it to look at, a line
# each. Prints those in which, and in whose company, nothing is found. What is found is an error.
#
# Two sources are not looked at together if they give something the same name at the beginning of a
# line. That is a guess. A heap that does not compile is nobody's fault: its halves are looked at,
# down to one source, which has to compile.

import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

LINES = 30_000  # of a heap
NO_NAME = ("template", "extern", "static_assert", "using namespace", "TEST", "INSTANTIATE")
TYPE = re.compile(r" [A-Z]\w*$")
FORWARD = re.compile(r"(class|struct|enum class \w+ : [\w:]+|union) ?\w*;")


def sources_of(unit):
    """What it is made of: CMake makes one of a dozen sources."""
    inside = re.findall(r'^#include "(/.*\.cc)"$', pathlib.Path(unit).read_text(), re.MULTILINE)
    return inside if "/Unity/" in unit else [unit]


def names_of(text, lines=r"[A-Za-z]"):
    """What it calls something at the beginning of such a line, in which namespace."""
    names = set(re.findall(r"^#define (\w+)", text, re.MULTILINE))
    names.update(re.findall(r"^TEST(?:_[FP])?\((\w+, \w+)", text, re.MULTILINE))
    names.update("new" for _ in re.findall(r"^void\* operator new", text, re.MULTILINE))
    inside = ""
    for line in re.findall(r"^(?:\[\[\w+\]\] )?([A-Za-z].*)", text, re.MULTILINE):
        if line.startswith("namespace"):
            named = re.match(r"namespace (\w\S*) \{", line)
            inside = named[1] if named else inside
            continue
        if not re.match(lines, line):
            continue
        if line.startswith(NO_NAME) or FORWARD.match(line):
            continue
        using = re.match(r"using [\w:]+::(\w+);", line)
        operator = re.match(r".*\boperator\W+\(", line)
        head = re.split(r"[({=;\[]|(?<!:):(?!:)", line)[0].replace(" final", "")
        last = re.search(r"(::|~)?(\w+)\s*$", head)
        if using:
            names.add(f"{inside} {using[1]}")
        elif operator:
            names.add(f"{inside} {line}")
        elif last and not last[1] and last[2] != "main":
            names.add(f"{inside} {last[2]}")
    return names


def hidden_by(name):
    """Itself, and the same in the namespaces around its own."""
    inside, _, last = name.partition(" ")
    places = inside.split("::")
    return {f"{'::'.join(places[:depth])} {last}" for depth in range(len(places) + 1)}


@functools.cache
def seen_in(header):
    """Each name of a header and of all that it includes, and where it is from."""
    text = pathlib.Path(header).read_text()
    own = {(name, header) for name in names_of(text)}
    return own.union(*(seen_in(other) for other in headers_in(text)))


@functools.cache
def given_by(header):
    """The same without functions that are only announced: those of one name are overloads."""
    text = pathlib.Path(header).read_text()
    whole = names_of(text, "inline")
    own = {(name, header) for name in names_of(text) if TYPE.search(name) or name in whole}
    return own.union(*(given_by(other) for other in headers_in(text)))


def headers_in(text):
    headers = re.findall(r'^#include "(.*)"$', text, re.MULTILINE)
    return [header for header in headers if pathlib.Path(header).exists()]


def flags_of(command):
    words = shlex.split(command["command"])
    compiler = next(at for at, word in enumerate(words) if "clang++" in word)
    return words[compiler : words.index("-o")]  # behind that is only what is compiled


class Source:
    def __init__(self, path, flags):
        text = pathlib.Path(path).read_text()
        self.path = path
        self.flags = flags
        headers = headers_in(text)
        self.seen = dict(sorted(set().union(*(seen_in(header) for header in headers))))
        self.given = dict(sorted(set().union(*(given_by(header) for header in headers))))
        # A function that a header names is that of the header; a type is another one.
        types = names_of(text, r"(struct|class|enum|using) ")
        self.names = names_of(text) - self.seen.keys() | types
        self.hides = set().union(*(hidden_by(name) for name in self.names))
        self.has_main = re.search(r"^int main\(", text, re.MULTILINE)
        self.lines = text.count("\n")
        # What changes the meaning of others.
        apart = re.search(r"^using namespace bowline", text, re.MULTILINE) is not None
        self.kind = ["-DBOWLINE_MUTANTS=1" in flags, apart]
        self.headers = re.findall(r"^#include .*", text, re.MULTILINE)


class Heap:
    def __init__(self, sources=()):
        self.sources = []
        self.names = set()
        self.hides = set()
        self.seen = {}
        self.given = {}
        self.lines = 0
        for source in sources:
            self.add(source)

    def takes(self, source):
        if self.sources[0].kind != source.kind or self.lines + source.lines > LINES:
            return False
        twins = any(
            self.given.get(name, header) != header for name, header in source.given.items()
        )
        hidden = source.hides & self.seen.keys() or self.hides & source.seen.keys()
        return not (twins or hidden or self.names & source.names)

    def add(self, source):
        self.sources.append(source)
        self.names |= source.names
        self.hides |= source.hides
        self.seen |= source.seen
        self.given |= source.given
        self.lines += source.lines

    def halves(self):
        middle = len(self.sources) // 2
        return Heap(self.sources[:middle]), Heap(self.sources[middle:])

    def flags(self):
        """Those of the first, and all places and definitions of the others."""
        flags = list(self.sources[0].flags)
        for source in self.sources:
            for word, place in zip(source.flags, source.flags[1:] + [""]):
                if word == "-isystem" and place not in flags:
                    flags += [word, place]
                elif word.startswith(("-D", "-I")) and word not in flags:
                    flags.append(word)
        return flags

    def text(self):
        """Each main() under a name of its own."""
        lines = []
        for number, source in enumerate(self.sources):
            if source.has_main:
                lines += [*source.headers, f"#define main main_{number}"]
            lines += [f'#include "{source.path}"', "#undef main"]
        return "\n".join(lines) + "\n"

    def look(self, tidy, place):
        """What clang-tidy says; empty: nothing."""
        place.mkdir(parents=True)
        path = place / "heap.cc"
        path.write_text(self.text())
        command = {"directory": os.getcwd(), "file": str(path)}
        command["command"] = shlex.join([*self.flags(), "-c", str(path)])
        (place / "compile_commands.json").write_text(json.dumps([command]))
        options = ["--quiet", "--checks=-bugprone-suspicious-include"]
        options += ["--header-filter=/[^.]*[.](h|cc)$", "-p", str(place), str(path)]
        done = subprocess.run([tidy, *options], capture_output=True, text=True)
        (place / "said").write_text(done.stdout)
        if done.returncode == 0:
            return ""
        return done.stdout + done.stderr or f"clang-tidy ended with {done.returncode}\n"


def pack(sources):
    heaps = []
    for source in sources:
        heap = next((heap for heap in heaps if heap.takes(source)), None)
        if heap:
            heap.add(source)
        else:
            heaps.append(Heap([source]))
    return heaps


def look_at_all(heaps, tidy, place, jobs):
    """The heaps in which something is found, and what; those that do not compile are halved."""
    found = []
    number = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = {}
        while heaps or waiting:
            for heap in heaps:
                waiting[pool.submit(heap.look, tidy, place / str(number))] = heap
                number += 1
            done, _ = concurrent.futures.wait(waiting, return_when="FIRST_COMPLETED")
            heaps = []
            for future in done:
                heap, said = waiting.pop(future), future.result()
                if "[clang-diagnostic-" in said and len(heap.sources) > 1:
                    heaps += heap.halves()
                elif said:
                    found.append((heap, said))
    return found


def main():
    tidy, folder, jobs = sys.argv[1:]
    commands = json.loads((pathlib.Path(folder) / "compile_commands.json").read_text())
    command_of = {command["file"]: command for command in commands}
    sources = {}
    units = sys.stdin.read().split()
    for unit in units:
        path = str(pathlib.Path.cwd() / unit)
        for source in sources_of(path):
            if source not in sources:
                sources[source] = Source(source, flags_of(command_of[path]))
    place = pathlib.Path.cwd() / folder / "heaps" / str(os.getpid())
    heaps = sorted(pack(sources.values()), key=lambda heap: -heap.lines)
    found = look_at_all(heaps, tidy, place, int(jobs))
    suspects = {source.path for heap, _ in found for source in heap.sources}
    for unit in units:
        if suspects.isdisjoint(sources_of(str(pathlib.Path.cwd() / unit))):
            print(unit)
    print("".join(said for _, said in found), end="", file=sys.stderr)
    sys.exit(1 if found else 0)


main()
