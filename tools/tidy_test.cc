// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tools/tidy_functions.h"
#include "tools/tidy_rules.h"
#include "tools/tidy_text.h"

// Each rule is shown a file that it must accept and files that it must refuse: a rule that cannot
// fail checks nothing.
namespace bowline::tidy {
namespace {

const std::string head = "// SPDX-License-Identifier: Apache-2.0\n";
const std::string header_head = head + "#pragma once\n";

using Files = std::vector<std::pair<std::string, std::string>>;

Tree tree_of(const Files& files) {
  Tree tree;
  for (const auto& [path, text] : files) tree.emplace(path, make_source(path, text));
  return tree;
}

// A file among a few that it may include; all are named where they have to be.
Findings findings_in(const std::string& path, const std::string& text) {
  Files files = {{path, text}};
  std::string names = std::string(file_name(path)) + "\n";
  for (const std::string_view folder :
       {"base", "raft", "env", "wal", "host", "kv", "etcd", "runtime", "sim"}) {
    const std::string list = "bowline/" + std::string(folder) + "/";
    files.emplace_back(list + "it.h", header_head);
    files.emplace_back(list + "CMakeLists.txt", "  it.h\n  " + names);
  }
  files.emplace_back("apps/CMakeLists.txt", names + "sim_main.cc\nsim/main.cc\n");
  files.emplace_back("tools/CMakeLists.txt", names);
  return check_all(tree_of(files));
}

bool complains(const Findings& findings, std::string_view rule) {
  for (const Finding& finding : findings) {
    if (finding.rule == rule) return true;
  }
  return false;
}

std::string all_of(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) text += describe(finding) + "\n";
  return text;
}

void accept(const std::string& path, const std::string& text) {
  const Findings findings = findings_in(path, text);
  EXPECT_TRUE(findings.empty()) << text << "\n" << all_of(findings);
}

// Refused by this rule, and by no other: else the example shows something else than it means to.
void refuse(std::string_view rule, const std::string& path, const std::string& text) {
  const Findings findings = findings_in(path, text);
  EXPECT_TRUE(complains(findings, rule)) << rule << " accepts " << path << ":\n" << text;
  for (const Finding& finding : findings) EXPECT_EQ(finding.rule, rule) << describe(finding);
}

std::string repeat(std::size_t times, const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += line;
  return text;
}

std::vector<Function> functions_in(const std::string& text) {
  const Outline outline = outline_of(make_source("bowline/base/x.cc", text));
  EXPECT_EQ(outline.unbalanced, 0U) << text;
  return outline.functions;
}

std::vector<std::string> names_in(const std::string& text) {
  std::vector<std::string> names;
  for (const Function& function : functions_in(text)) names.push_back(function.name);
  return names;
}

using Names = std::vector<std::string>;

TEST(Tidy, an_orderly_file_passes) {
  accept("bowline/raft/x.h",
         header_head + "\n#include <vector>\n\n#include \"bowline/base/it.h\"\n");
  accept("bowline/raft/x.cc", head + "#include \"bowline/raft/it.h\"\n\nint f() { return 1; }\n");
  accept("apps/sim_main.cc", head + "#include <unistd.h>\n\n#include \"bowline/sim/it.h\"\n");
  accept("apps/sim/main.cc", head + "#include \"bowline/sim/it.h\"\n");
}

TEST(Tidy, a_folder_includes_only_what_its_row_says) {
  const std::string include = head + "#include \"bowline/";
  refuse("layering", "bowline/base/x.cc", include + "raft/it.h\"\n");
  refuse("layering", "bowline/raft/x.cc", include + "env/it.h\"\n");
  refuse("layering", "bowline/raft/x.cc", include + "sim/it.h\"\n");
  refuse("layering", "bowline/kv/x.cc", include + "raft/it.h\"\n");
  refuse("layering", "bowline/host/x.cc", include + "kv/it.h\"\n");
  refuse("layering", "bowline/etcd/x.cc", include + "wal/it.h\"\n" + "#include <grpc/grpc.h>\n");
  refuse("layering", "apps/serve.cc", include + "sim/it.h\"\n");
  accept("bowline/sim/x.cc", include + "host/it.h\"\n");
  accept("bowline/wal/x.cc", include + "raft/it.h\"\n");
}

TEST(Tidy, a_folder_knows_only_the_outside_that_its_row_names) {
  refuse("layering", "bowline/raft/x.cc", head + "#include <fmt/format.h>\n");
  refuse("layering", "bowline/wal/x.cc", head + "#include <unistd.h>\n");
  refuse("layering", "bowline/raft/x.cc", head + "#include <gtest/gtest.h>\n");
  refuse("layering", "bowline/kv/x.cc", head + "#include <rocksdb/db.h>\n");
  accept("bowline/kv/rocks_engine.cc", head + "#include <rocksdb/db.h>\n");
  accept("bowline/raft/x_test.cc", head + "#include <gtest/gtest.h>\n");
}

TEST(Tidy, a_folder_without_a_row_is_refused) {
  const Findings findings = findings_in("bowline/misc/x.cc", head);
  EXPECT_TRUE(complains(findings, "layering")) << all_of(findings);
  EXPECT_TRUE(complains(findings_in("x.cc", head), "layering"));
}

TEST(Tidy, every_row_names_rows_below_it) {
  for (const Layer& layer : layers()) {
    for (const Layer& other : layers()) {
      const bool up = find_word(layer.inside, other.folder) != std::string_view::npos;
      const bool down = find_word(other.inside, layer.folder) != std::string_view::npos;
      EXPECT_FALSE(up && down) << layer.folder << " and " << other.folder;
    }
  }
}

TEST(Tidy, an_include_names_the_whole_path) {
  refuse("include-path", "bowline/raft/x.cc", head + "#include \"it.h\"\n");
  refuse("include-path", "bowline/raft/x.cc", head + "#include \"../base/it.h\"\n");
  refuse("include-path", "bowline/raft/x.cc", head + "#  include \"bowline/base/gone.h\"\n");
}

TEST(Tidy, the_protocol_sees_no_world) {
  const auto include = [](const std::string& name) { return head + "#include <" + name + ">\n"; };
  const std::vector<std::string> for_tests = {"iostream", "fstream", "filesystem",
                                              "cstdio",   "print",   "istream",
                                              "ostream",  "sstream", "functional"};
  const std::vector<std::string> for_nobody = {"random",
                                               "thread",
                                               "mutex",
                                               "shared_mutex",
                                               "atomic",
                                               "future",
                                               "condition_variable",
                                               "semaphore",
                                               "latch",
                                               "barrier",
                                               "ctime",
                                               "csignal",
                                               "cstdlib",
                                               "stop_token",
                                               "unordered_map",
                                               "unordered_set"};
  for (const std::string& name : for_tests) accept("bowline/raft/x_test.cc", include(name));
  for (const std::string& name : for_nobody) {
    refuse("banned", "bowline/raft/x_test.cc", include(name));
  }
  for (const auto& names : {for_tests, for_nobody}) {
    for (const std::string& name : names) {
      refuse("banned", "bowline/raft/x.cc", include(name));
      refuse("banned", "bowline/raft/x.h", header_head + "#include <" + name + ">\n");
      accept("bowline/runtime/x.cc", include(name));
    }
  }
}

TEST(Tidy, banned_words_are_refused_where_they_are_banned) {
  for (const std::string word :
       {"std::mutex m;", "std::thread t;", "std::random_device d;", "auto t = Clock::now();",
        "std::atomic<int> a;", "auto t = std::chrono::system_clock::time_point();",
        "std::chrono::steady_clock c;", "std::unordered_map<int, int> m;", "std::mt19937 g;",
        "std::unordered_set<int> s;", "thread_local int t;", "auto* e = getenv(\"X\");"}) {
    refuse("banned", "bowline/raft/x.cc", head + word + "\n");
    refuse("banned", "bowline/sim/x_test.cc", head + word + "\n");
    accept("bowline/runtime/x.cc", head + word + "\n");
    accept("apps/x.cc", head + word + "\n");
  }
  accept("bowline/base/x.cc", head + "thread_local int t;\n");
  refuse("banned", "bowline/base/x.cc", head + "std::mutex m;\n");
}

TEST(Tidy, some_words_are_refused_everywhere) {
  for (const std::string word :
       {"int* p = new int;", "void f(int* p) { delete p; }", "int r = rand();",
        "void f(bool ok) { assert(ok); }", "void* p = malloc(1);"}) {
    refuse("banned", "bowline/raft/x.cc", head + word + "\n");
    refuse("banned", "bowline/runtime/x.cc", head + word + "\n");
    refuse("banned", "apps/x_test.cc", head + word + "\n");
  }
}

TEST(Tidy, a_word_is_banned_as_a_word_and_as_code) {
  accept("bowline/raft/x.cc", head + "// a new mutex\nint renew = 1;  /* delete */\n");
  accept("bowline/raft/x.cc", head + "static_assert(true);\nauto s = \"new std::mutex\";\n");
  accept("bowline/raft/x.cc", head + "struct A {\n  A(const A&) = delete;\n};\n");
  accept("bowline/raft/x.cc", head + "void operator delete(void* at) noexcept { release(at); }\n");
  accept("bowline/raft/x.cc",
         head + "auto s = R\"(new \" new)\";\nauto c = '\"';\nint n = 1'000;\n");
  accept("bowline/sim/x.cc", head + "Time Watch::now() const { return now_; }\n");
  accept("bowline/sim/x.cc", head + "auto t = world.clock.now();\n");
  refuse("banned", "bowline/raft/x.cc", head + "auto s = R\"(\" )\"; int* p = new int;\n");
  refuse("banned", "bowline/raft/x.cc", head + "int n = 1'000; int* p = new int;  // '\n");
  refuse("banned", "bowline/raft/x.cc", head + "A() = delete; void f(int* p) { delete p; }\n");
}

TEST(Tidy, lines_are_short_and_clean) {
  const std::string x = "bowline/base/x.cc";
  accept(x, head + "// " + std::string(97, 'x') + "\n");
  accept(x, head + "// " + repeat(97, "\u00e9") + "\n");
  refuse("columns", x, head + "// " + std::string(98, 'x') + "\n");
  refuse("columns", "tools/x.sh", "# " + std::string(99, 'x') + "\n");
  accept("README.md", std::string(300, 'x') + "\n");
  refuse("tab", x, head + "int f()\t;\n");
  refuse("tab", "x/CMakeLists.txt", "\tproject(x)\n");
  accept("bench/x.go", "func f() {\n\treturn\n}\n");
  refuse("trailing", "README.md", "word \n");
  refuse("last-newline", x, head + "int x;");
  refuse("control", "README.md", "a\u200bb\n");
  refuse("control", x, head + "int x;  // \u202e\n");
  refuse("control", "docs/x.txt", "a\rb\n");
  refuse("machine-path", "README.md",
         "see /wo"
         "rk/x\n");
  refuse("machine-path", "tools/x.sh",
         "cd '/ho"
         "me/me'\n");
  accept("README.md",
         "https://example.org/ho"
         "me/page and net/wo"
         "rk/x\n");
}

TEST(Tidy, loose_ends_have_an_issue) {
  const std::string word =
      "TO"
      "DO";
  accept("bowline/base/x.cc", head + "// " + word + "(#12): faster\n");
  refuse("loose-end", "bowline/base/x.cc", head + "// " + word + ": faster\n");
  refuse("loose-end", "bowline/base/x.cc", head + "// " + word + "(#): faster\n");
  refuse("loose-end", "tools/x.sh",
         "# FIX"
         "ME\n");
}

TEST(Tidy, a_file_begins_with_its_license_and_its_own_header) {
  refuse("license", "bowline/base/x.cc", "int x;\n");
  refuse("license", "bowline/base/x.h", "#pragma once\n" + head);
  refuse("pragma-once", "bowline/base/x.h", head + "int x;\n");
  refuse("pragma-once", "bowline/base/x.h", head + "#include <vector>\n#pragma once\n");
  const std::string own = "#include \"bowline/raft/it.h\"\n";
  accept("bowline/raft/it.cc", head + own + "#include <vector>\n");
  refuse("own-header", "bowline/raft/it.cc", head + "#include <vector>\n" + own);
  refuse("own-header", "bowline/raft/it_test.cc", head + "#include <vector>\n" + own);
}

TEST(Tidy, files_are_short) {
  const std::string line = "int x;\n";
  accept("bowline/base/x.cc", head + repeat(499, line));
  refuse("file-length", "bowline/base/x.cc", head + repeat(500, line));
  refuse("file-length", "tools/x.sh", repeat(501, "x\n"));
}

TEST(Tidy, functions_are_short) {
  const std::string line = "  f();\n";
  accept("bowline/base/x.cc", head + "void g() {\n" + repeat(68, line) + "}\n");
  refuse("function-length", "bowline/base/x.cc", head + "void g() {\n" + repeat(69, line) + "}\n");
  refuse("function-length", "bowline/base/x.cc",
         head + "namespace a {\nclass B {\n  B() : c_{1}, d_(2) {\n" + repeat(70, line) +
             "  }\n};\n}\n");
  refuse("function-length", "bowline/base/x.cc",
         head + "const auto f = [](int x) {\n" + repeat(70, line) + "};\n");
  accept("bowline/base/x.cc",
         head + "class A {\n" + repeat(90, "  int f() { return 1; }\n") + "};\n");
  accept("bowline/base/x.cc",
         head + "constexpr std::array<int, 90> t = {{\n" + repeat(90, "  {1, 2},\n") + "}};\n");
}

TEST(Tidy, functions_are_told_from_other_braces) {
  EXPECT_EQ(names_in("namespace a::b {\ninline namespace c {\nint f(int x) { return x; }\n}\n}\n"),
            Names{"f"});
  EXPECT_EQ(names_in("template <class T>\nstruct alignas(8) A : B<int (*)(T)> {\n  int x{3};\n"
                     "  int f() const noexcept { return 1; }\n};\n"),
            Names{"f"});
  EXPECT_EQ(names_in("A::B::B(C c) : d_{c}, e_(d{1}), F<int>{2} {\n  if (x) {\n  }\n}\nint g;\n"),
            Names{"A::B::B"});
  EXPECT_EQ(names_in("enum class E : int { a, b };\nunion U { int a; };\nE e{E::a};\n"), Names{});
  EXPECT_EQ(names_in("auto f(Options o = {}) -> std::vector<int> {\n  return {};\n}\n"),
            Names{"f"});
  EXPECT_EQ(names_in("bool operator<(const A& a) { return true; }\nauto x = A{.b = {1}};\n"),
            Names{"operator"});
  EXPECT_EQ(names_in("extern \"C\" {\nint f(void) { return '}'; }\n}\n"), Names{"f"});
  EXPECT_EQ(names_in("class A {\n public:\n  A() {}\n\n private:\n  int b_ = 0;\n};\n"),
            Names{"A"});
  EXPECT_EQ(names_in("TEST(Core, it_works) {\n  auto l = [&] { return 1; };\n}\n"), Names{"TEST"});
  EXPECT_EQ(names_in("#define X(a) \\\n  { a\nstd::function<int(int)> f{nullptr};\n"), Names{});
}

TEST(Tidy, a_function_begins_where_its_signature_does) {
  const std::vector<Function> functions =
      functions_in("int a;\n\ntemplate <typename T>\nint f(\n    T t) {\n  return 1;\n}\n");
  ASSERT_EQ(functions.size(), 1U);
  EXPECT_EQ(functions[0].first, 3U);
  EXPECT_EQ(functions[0].last, 7U);
  const std::vector<Function> labelled = functions_in("class A {\n public:\n  A() {\n  }\n};\n");
  ASSERT_EQ(labelled.size(), 1U);
  EXPECT_EQ(labelled[0].first, 3U);
}

TEST(Tidy, braces_that_do_not_match_are_reported_instead_of_guessed) {
  refuse("braces", "bowline/base/x.cc", head + "#if A\nvoid f() {\n#else\nvoid g() {\n#endif\n}\n");
  refuse("braces", "bowline/base/x.cc", head + "}\n");
}

TEST(Tidy, a_source_that_no_list_names_is_dead) {
  const Files named = {{"bowline/raft/CMakeLists.txt", "  SOURCES x.cc\n"},
                       {"bowline/raft/x.cc", head}};
  EXPECT_TRUE(check_all(tree_of(named)).empty());
  for (const std::string list : {"  SOURCES xx.cc\n", "# x.cc\n", "  my-x.cc\n", "x.ccc\n"}) {
    const Findings findings =
        check_all(tree_of({{"bowline/raft/CMakeLists.txt", list}, {"bowline/raft/x.cc", head}}));
    EXPECT_TRUE(complains(findings, "dead-file")) << list;
  }
  EXPECT_TRUE(complains(check_all(tree_of({{"bowline/raft/x.cc", head}})), "dead-file"));
}

TEST(Tidy, links_lead_somewhere) {
  const auto with = [](const std::string& text) {
    return check_all(tree_of({{"docs/A.md", text}, {"docs/adr/1.md", "x\n"}, {"LICENSE", "x\n"}}));
  };
  EXPECT_TRUE(
      with("[a](adr/1.md#top) [b](../LICENSE) [c](adr) [d](#here) [e](/LICENSE)\n").empty());
  EXPECT_TRUE(with("[a](https://example.org/x) `[b](gone)`\n```\n[c](gone)\n```\n").empty());
  EXPECT_TRUE(complains(with("[a](adr/2.md)\n"), "link"));
  EXPECT_TRUE(complains(with("[a](adr/1.md) and [b](../gone.md#x)\n"), "link"));
  EXPECT_TRUE(complains(with("[a](../../LICENSE)\n"), "link"));
}

TEST(Tidy, the_protocol_is_small_and_well_proved) {
  const auto with = [](std::size_t code, std::size_t tests, std::size_t golden) {
    Findings findings;
    check_weight(tree_of({{"bowline/raft/core.cc", repeat(code, "int x;  // x\n\n// x\n")},
                          {"bowline/raft/core_test.cc", repeat(tests, "int x;\n// x\n")},
                          {"bowline/raft/golden/a.txt", repeat(golden, "x\n\n")}}),
                 findings);
    return findings;
  };
  EXPECT_TRUE(with(4'000, 3'200, 3'200).empty());
  EXPECT_TRUE(complains(with(4'001, 4'000, 4'000), "protocol-size"));
  EXPECT_TRUE(complains(with(100, 100, 49), "protocol-tests"));
}

TEST(Tidy, what_the_protocol_weighs_is_told_with_and_without_its_stories) {
  const Tree tree = tree_of({{"bowline/raft/core.cc", repeat(200, "int x;  // x\n// x\n")},
                             {"bowline/raft/core_test.cc", repeat(150, "int x;\n// x\n")},
                             {"bowline/raft/golden/a.txt", repeat(450, "x\n\n")}});
  EXPECT_EQ(describe(weigh_raft(tree)),
            "bowline/raft: 200 lines of code, 150 of tests, 450 of stories: for 100 of code 75 of "
            "tests without the stories, 300 with them");
  EXPECT_EQ(describe(Weight{}), "bowline/raft: 0 lines of code, 0 of tests, 0 of stories");
}

TEST(Tidy, a_finding_says_where_and_what_to_do) {
  EXPECT_EQ(describe({"a/b.cc", 3, "tab", "indent with blanks"}),
            "a/b.cc:3: tab: indent with blanks");
}

}  // namespace
}  // namespace bowline::tidy
