#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Compiles headers as if each were the only line of a source, many of them in one: a header may
# stand behind others as long as these can be of no help to it.
#
#   headers_alone.py MARKS JOBS COMPILER [FLAG…] <HEADERS
#
# What compiles leaves a mark in the folder MARKS, and is not compiled again until it changes.
#
# What can help: a name that is given by what stands before, and by nothing that the header itself
# includes, however far down. So its words are compared with such names; those of the C++ library
# with the table below, and of a header of anybody else all may be needed. Where the answer is
# "perhaps", the header begins a source of its own. A source that does not compile is halved, down
# to one header.

import concurrent.futures
import functools
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

# The names of the C++ library, and which of its headers have them.
STD = {
    "algorithm": "all_of any_of none_of copy copy_n equal fill fill_n find find_if for_each max min"
    " max_element min_element minmax sort stable_sort lower_bound upper_bound equal_range clamp"
    " remove_if remove move_backward reverse rotate transform unique is_sorted count count_if"
    " mismatch binary_search nth_element partial_sort generate replace search",
    "array": "array to_array",
    "atomic": "atomic atomic_flag memory_order_relaxed memory_order_acquire memory_order_release",
    "bit": "bit_cast bit_width bit_ceil countr_zero countl_zero popcount endian has_single_bit",
    "charconv": "from_chars to_chars from_chars_result to_chars_result",
    "chrono": "chrono chrono_literals",
    "compare": "strong_ordering weak_ordering partial_ordering",
    "concepts": "same_as convertible_to invocable derived_from integral unsigned_integral",
    "condition_variable": "condition_variable",
    "coroutine": "coroutine_handle suspend_always suspend_never",
    "cstddef": "size_t ptrdiff_t nullptr_t byte max_align_t",
    "cstdint": "uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t uintptr_t"
    " intptr_t",
    "cstdio": "FILE fopen fclose fprintf printf snprintf sscanf fputs fwrite fread fflush",
    "cstdlib": "getenv strtoul strtoull strtoll abort exit malloc free realloc",
    "cstring": "memcpy memset memcmp memmove memchr strlen strerror",
    "deque": "deque",
    "exception": "exception exception_ptr current_exception rethrow_exception terminate",
    "expected": "expected unexpected",
    "filesystem": "filesystem",
    "fstream": "ifstream ofstream fstream",
    "functional": "function hash less greater invoke ref cref move_only_function plus equal_to",
    "future": "future promise async shared_future future_status launch",
    "initializer_list": "initializer_list",
    "iterator": "next prev distance advance back_inserter make_move_iterator istreambuf_iterator"
    " forward_iterator_tag random_access_iterator_tag begin end size reverse_iterator inserter",
    "limits": "numeric_limits",
    "list": "list",
    "map": "map multimap",
    "memory": "unique_ptr shared_ptr weak_ptr make_unique make_shared enable_shared_from_this"
    " allocator addressof destroy_at construct_at static_pointer_cast default_delete",
    "mutex": "mutex lock_guard unique_lock scoped_lock once_flag call_once recursive_mutex",
    "new": "nothrow launder bad_alloc align_val_t",
    "numeric": "accumulate iota",
    "optional": "optional nullopt nullopt_t make_optional in_place",
    "ostream": "ostream",
    "queue": "queue priority_queue",
    "random": "mt19937_64 mt19937 random_device",
    "ranges": "ranges views",
    "set": "set multiset",
    "span": "span as_bytes",
    "sstream": "ostringstream istringstream stringstream",
    "stdexcept": "runtime_error logic_error out_of_range invalid_argument",
    "string": "string to_string stoi stoul stoull getline char_traits stol",
    "string_view": "string_view",
    "system_error": "error_code errc system_error generic_category error_category",
    "thread": "thread this_thread jthread",
    "tuple": "tuple tie make_tuple apply get tuple_size forward_as_tuple",
    "type_traits": "is_same_v decay_t remove_cvref_t enable_if_t is_void_v conditional_t true_type"
    " false_type is_trivially_copyable_v underlying_type_t is_enum_v invoke_result_t is_const_v"
    " remove_reference_t is_nothrow_move_constructible_v make_unsigned_t is_constructible_v is_same"
    " is_integral_v is_unsigned_v remove_const_t add_const_t is_lvalue_reference_v void_t decay",
    "unordered_map": "unordered_map",
    "unordered_set": "unordered_set",
    "utility": "move forward swap exchange pair make_pair declval as_const index_sequence"
    " make_index_sequence to_underlying cmp_less unreachable piecewise_construct in_place_t",
    "variant": "variant visit get get_if holds_alternative monostate variant_size_v"
    " variant_alternative_t variant_size",
    "vector": "vector",
}
HOMES = {}
for home, names in STD.items():
    for name in names.split():
        HOMES.setdefault(name, set()).add(home)

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')


class Header:
    def __init__(self, path):
        text = COMMENT.sub("", pathlib.Path(path).read_text())
        included = re.findall(r'^#include ["<](.*)[">]$', text, re.MULTILINE)
        self.path = path
        self.ours = [other for other in included if pathlib.Path(other).exists()]
        others = {other for other in included if not pathlib.Path(other).exists()}
        self.std = others & STD.keys()
        self.foreign = others - STD.keys()
        code = LITERAL.sub("", re.sub(r"^#include.*", "", text, flags=re.MULTILINE))
        self.words = set(re.findall(r"\w+", code))
        self.std_words = set(re.findall(r"\bstd::(\w+)", code))
        self.gives = set(re.findall(r"^#define (\w+)", code, re.MULTILINE))
        for line in re.findall(r"^[A-Za-z].*", code, re.MULTILINE):
            line = re.sub(r"^template <.*?> (?=[a-z])", "", line)
            kind = re.match(r"(?:class|struct|enum class|enum|union|concept|using) (\w+)", line)
            last = re.search(r"(\w+)\s*$", re.split(r"[({=;\[]", line)[0])
            if kind:
                self.gives.add(kind[1])
            elif last and not line.startswith(("namespace", "#", "using namespace")):
                self.gives.add(last[1])


@functools.cache
def header(path):
    return Header(path)


@functools.cache
def below(path):
    """It and all that it includes."""
    return frozenset({path}).union(*(below(other) for other in header(path).ours))


def union(paths, what):
    return set().union(*(getattr(header(path), what) for path in paths))


class Heap:
    def __init__(self, paths=()):
        self.paths = list(paths)
        self.seen = set().union(*(below(path) for path in paths))

    def can_help(self, path):
        """Perhaps."""
        own = below(path)
        more = self.seen - own
        std = union(own, "std")
        if not union(self.seen, "foreign") <= union(own, "foreign"):
            return True
        if any(not HOMES.get(word, set()) & std for word in header(path).std_words):
            return not union(self.seen, "std") <= std
        given = union(more, "gives") - union(own, "gives")
        forward = header(path).gives  # what it only announces may be complete elsewhere
        return bool(given & header(path).words or union(more, "gives") & forward)

    def add(self, path):
        self.paths.append(path)
        self.seen |= below(path)

    def mark(self, command):
        parts = [pathlib.Path(__file__).read_bytes(), " ".join(command).encode()]
        for path in [*self.paths, *sorted(self.seen)]:
            parts += [path.encode(), pathlib.Path(path).read_bytes()]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def look(self, command, place, marks):
        """What the compiler says; empty: nothing."""
        mark = marks / self.mark(command)
        if mark.exists():
            return ""
        source = place / f"{mark.name}.cc"
        # The second time nothing may come of it.
        source.write_text("".join(f'#include "{path}"\n' for path in self.paths * 2))
        done = subprocess.run([*command, str(source)], capture_output=True, text=True)
        if done.returncode != 0:
            return done.stdout + done.stderr
        mark.touch()
        return ""


def pack(paths):
    heaps = []
    # The least first: what includes more can have less help from them.
    size = {path: (len(union(below(path), "foreign")), len(below(path))) for path in paths}
    for path in sorted(paths, key=size.get):
        heap = next((heap for heap in heaps if not heap.can_help(path)), None)
        if heap:
            heap.add(path)
        else:
            heaps.append(Heap([path]))
    return heaps


def look_at_all(heaps, look):
    """What is found, halving heaps that do not compile."""
    found = []
    while heaps:
        said = list(look(heaps))
        failed = [(heap, what) for heap, what in zip(heaps, said) if what]
        found += [what for heap, what in failed if len(heap.paths) == 1]
        larger = [heap.paths for heap, _ in failed if len(heap.paths) > 1]
        halves = [(paths[: len(paths) // 2], paths[len(paths) // 2 :]) for paths in larger]
        heaps = [Heap(half) for both in halves for half in both]
    return found


def main():
    marks, jobs, command = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    with (
        tempfile.TemporaryDirectory() as place,
        concurrent.futures.ThreadPoolExecutor(jobs) as pool,
    ):
        look = functools.partial(Heap.look, command=command, place=pathlib.Path(place), marks=marks)
        found = look_at_all(pack(sys.stdin.read().split()), lambda heaps: pool.map(look, heaps))
    print("".join(found), end="")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
