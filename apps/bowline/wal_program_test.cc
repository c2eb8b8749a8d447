// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "apps/bowline/run_program.h"
#include "bowline/wal/forged_segment.h"
#include "bowline/wal/identity.h"
#include "bowline/wal/names.h"

// Runs build/bowline on directories that are made up.
namespace bowline::apps {
namespace {

namespace fs = std::filesystem;
using wal::block_bytes;
using wal::Draft;
using wal::ForgedSegment;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Draft draft(GroupId group, std::uint64_t number, std::uint64_t first, std::size_t count,
            const std::string& payload) {
  raft::Persist write;
  for (std::uint64_t i = 0; i < count; ++i)
    write.entries.push_back({{{3}, {first + i}}, raft::Kind::command, Bytes::copy(payload)});
  Draft draft;
  draft.add(group, number, write);
  return draft;
}

// Segment 1: a vote and entries 1 and 2 of group 1; entries 1 to 8 of group 2, over two blocks; a
// mark. Segment 2: entry 3 of group 1; entries 9 to 16 of group 2.
class WalProgram : public testing::Test {
 protected:
  WalProgram() {
    std::string path = (fs::temp_directory_path() / "bowline-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    directory_ = path;
    put(std::string(wal::identity_name), identity(1));
    Draft begin = draft({1}, 1, 1, 2, "say \"hi\"\x1b[31m");
    begin.follow({});
    begin.add({1}, 2, {.hard_state = raft::HardState{{3}, {2}, {100}, false}});
    first_.put(1, std::move(begin)).put(2, draft({2}, 3, 1, 8, std::string(1000, 'e')));
    first_.put(3, Draft());
    second_ = ForgedSegment(2, first_.echo(), 16);
    Draft on = draft({1}, 4, 3, 1, "go on");
    on.follow(first_.follows());
    second_.put(4, std::move(on)).put(5, draft({2}, 5, 9, 8, std::string(1000, 'e')));
  }
  ~WalProgram() override { fs::remove_all(directory_); }

  static std::string identity(char version) {
    std::string file(wal::identity_bytes, '\0');
    encode(wal::Identity{{{77}, {3}, 1, 4}, {wal::forged_disk}}, file);
    const auto head = wal::checked(std::string_view(file).substr(0, block_bytes), {});
    file[wal::spot(0)] = version;
    wal::seal(file, {}, 1, head->content);
    return file;
  }
  void put(const std::string& name, const std::string& bytes) const {
    std::ofstream(directory_ / name, std::ios::binary) << bytes;
  }
  void put_segments() const {
    put(wal::segment_name(1), first_.bytes());
    put(wal::segment_name(2), second_.bytes());
  }
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> files;
    for (const auto& file : fs::directory_iterator(directory_))
      files[file.path().filename().string()] = read(file.path());
    return files;
  }
  Ran look(const std::string& verb) const {
    return run_program("wal " + verb + " " + directory_.string());
  }
  // Whatever is looked at, nothing is changed.
  Ran verified() const {
    put_segments();
    const auto before = files();
    const Ran ran = look("verify");
    for (const char* verb : {"dump --entries", "dump --json", "stat", "stat --json"})
      EXPECT_NE(look(verb).out, "") << verb;
    EXPECT_EQ(look("verify --json").status, ran.status);
    EXPECT_EQ(before, files());
    return ran;
  }

  fs::path directory_;
  ForgedSegment first_{1, {}, 16};
  ForgedSegment second_;
};

// Is it a value of JSON, up to the end?
class Syntax {
 public:
  static bool right(std::string_view text) {
    Syntax syntax(text);
    return syntax.value() && syntax.rest_.empty();
  }

 private:
  explicit Syntax(std::string_view text) : rest_(text) {}

  bool take(std::string_view what) {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  bool text() {
    if (!take("\"")) return false;
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      if (rest_.front() == '"') return take("\"");
      if (static_cast<unsigned char>(rest_.front()) < ' ') return false;
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) return false;
    }
    return false;
  }
  bool list(bool named, std::string_view end) {
    if (take(end)) return true;
    do {
      if (named && (!text() || !take(":"))) return false;
      if (!value()) return false;
    } while (take(","));
    return take(end);
  }
  bool value() {
    if (take("{")) return list(true, "}");
    if (take("[")) return list(false, "]");
    if (take("true") || take("false") || take("null")) return true;
    if (rest_.starts_with('"') || rest_.starts_with(" \"")) return text();
    const std::size_t before = rest_.size();
    while (!rest_.empty() && std::string_view("0123456789 ").contains(rest_.front()))
      rest_.remove_prefix(1);
    return rest_.size() < before;
  }

  std::string_view rest_;
};

TEST_F(WalProgram, verify_finds_a_good_log_good) {
  const Ran ran = verified();
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_EQ(ran.last_line(), "clean: 2 segments, 5 batches, 2 groups, 19 entries");
  EXPECT_TRUE(ran.out.contains("node 3 of cluster 77, shard 1 of 4, disk 11")) << ran.out;
}

TEST_F(WalProgram, a_write_that_never_ended_is_no_harm) {
  second_.spoil(1, 0).spoil(1, 2);
  const Ran ran = verified();
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.last_line(),
            "clean: 2 segments, 4 batches, 2 groups, 11 entries, a last write never ended");
  EXPECT_TRUE(ran.out.contains("leaves out a write that never ended, at block 2")) << ran.out;
}

TEST_F(WalProgram, a_flipped_bit_is_found_and_named) {
  first_.spoil(1, 1);
  const Ran ran = verified();
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(ran.out.contains("rebuilds block 3 of batch 2, which rotted; nothing is lost"))
      << ran.out;
  EXPECT_TRUE(
      ran.last_line().starts_with("harmed: 2 segments, 5 batches, 2 groups, 19 entries, "
                                  "1 batch mended; a start mends"));
  EXPECT_TRUE(look("verify --json").out.contains("\"state\": \"mended\", \"excused\": false"));
}

TEST_F(WalProgram, what_is_lost_is_told_entry_by_entry) {
  first_.spoil(1, 0).spoil(1, 1);
  const Ran ran = verified();
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(ran.last_line().contains("1 batch damaged, 8 entries lost")) << ran.out;
  EXPECT_TRUE(look("dump").out.contains("group 2 write 3: entries t3/1..8 (7.8 KiB, LOST)"))
      << look("dump").out;
  EXPECT_TRUE(look("stat").out.contains("group 2: term 0, 16 entries 1..16, 15.6 KiB, 8 LOST"))
      << look("stat").out;
}

TEST_F(WalProgram, a_log_that_no_node_starts_with_is_refused_and_still_shown) {
  first_.erase(0, 5);
  const Ran ran = verified();
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(ran.out.contains("lost: at block 0 of segment 1: a batch is gone")) << ran.out;
  EXPECT_TRUE(ran.last_line().starts_with("refused: ")) << ran.out;
  const Ran dumped = look("dump");
  EXPECT_EQ(dumped.status, 1);
  EXPECT_TRUE(
      dumped.out.contains("what can still be read, whether it counts or not:\n"
                          "  batch 3 at block 5, 2 blocks, whole, a mark\n"))
      << dumped.out;
}

TEST_F(WalProgram, a_file_that_was_cut_short_is_found) {
  put_segments();
  put(wal::segment_name(2), second_.bytes().substr(0, 4 * block_bytes + 100));
  const Ran ran = look("verify");
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(ran.out.contains("no multiple of 4096")) << ran.out;
  EXPECT_TRUE(ran.out.contains("a batch reaches beyond its end")) << ran.out;
}

TEST_F(WalProgram, an_identity_that_is_bad_gone_or_of_another_format_is_told) {
  std::string half = identity(1);
  half[100] ^= 1;
  put("identity", half);
  EXPECT_EQ(verified().status, 1);
  EXPECT_TRUE(look("verify").out.contains("one of the two copies")) << look("verify").out;
  put("identity", identity(2));
  EXPECT_EQ(verified().status, 1);
  EXPECT_TRUE(look("verify").out.contains("is of format 2; this program reads format 1. Without"))
      << look("verify").out;
  half[block_bytes + 100] ^= 1;
  put("identity", half);
  EXPECT_TRUE(look("verify").out.contains("is damaged, and so is its copy")) << look("verify").out;
  fs::remove(directory_ / "identity");
  EXPECT_TRUE(look("verify").out.contains("cannot read " + directory_.string() + "/identity"))
      << look("verify").out;
  EXPECT_EQ(look("stat").status, 1);
}

TEST_F(WalProgram, who_names_no_log_is_told_so) {
  fs::remove(directory_ / "identity");
  for (const char* verb : {"verify", "dump", "stat"}) {
    EXPECT_EQ(look(verb).status, 2) << verb;
    EXPECT_TRUE(look(verb).out.contains("there is no log in " + directory_.string())) << verb;
  }
  put("file", "x");
  const std::string file = (directory_ / "file").string();
  EXPECT_EQ(run_program("wal verify " + file).out,
            "bowline: " + file + " is no directory: name the one that holds the file 'identity'\n");
  EXPECT_EQ(run_program("wal verify " + file + ".none").status, 2);
  for (const char* wrong : {"", "wal", "wal verify", "wal dump --no-such", "fly"})
    EXPECT_EQ(run_program(wrong).status, 2) << wrong;
  for (const char* right :
       {"--help", "wal --help", "wal dump --help", "wal verify --help", "wal stat --help"})
    EXPECT_EQ(run_program(right).status, 0) << right;
}

TEST_F(WalProgram, dump_shows_what_was_written) {
  put_segments();
  const std::string text = look("dump").out;
  EXPECT_EQ(text.substr(text.find('\n') + 1),
            "00000000000000000001.wal: the log fills 7 of 16 blocks\n"
            "  batch 1 at block 0, 2 blocks, whole, the first of all\n"
            "    group 1 write 1: entries t3/1..2 (26 bytes)\n"
            "    group 1 write 2: term 3 vote 2 in its life 100\n"
            "  batch 2 at block 2, 3 blocks, whole\n"
            "    group 2 write 3: entries t3/1..8 (7.8 KiB)\n"
            "  batch 3 at block 5, 2 blocks, whole, a mark\n"
            "00000000000000000002.wal: the log fills 5 of 16 blocks\n"
            "  batch 4 at block 0, 2 blocks, whole, follows batch 3, which ends at block 7 of "
            "segment 1\n"
            "    group 1 write 4: entries t3/3 (5 bytes)\n"
            "  batch 5 at block 2, 3 blocks, whole\n"
            "    group 2 write 5: entries t3/9..16 (7.8 KiB)\n");
}

TEST_F(WalProgram, dump_can_be_narrowed_and_shows_payloads_that_do_no_harm) {
  put_segments();
  const std::string text = look("dump --group 1 --segment 1 --entries").out;
  EXPECT_TRUE(text.contains("      t3/1 command 13 bytes \"say \\\"hi\\\"\\x1b[31m\"\n")) << text;
  EXPECT_FALSE(text.contains("group 2")) << text;
  EXPECT_FALSE(text.contains("batch 2")) << text;
  EXPECT_FALSE(text.contains("segment 2")) << text;
}

TEST_F(WalProgram, stat_tells_what_is_needed_and_by_whom) {
  put_segments();
  const std::string text = look("stat").out;
  EXPECT_TRUE(
      text.contains("00000000000000000001.wal  10 entries, 7.8 KiB; live 100 %, needed by "
                    "group 1, 2\n"))
      << text;
  EXPECT_TRUE(text.contains("group 1: term 3, 3 entries 1..3, 31 bytes, back to segment 1\n"))
      << text;
  EXPECT_TRUE(
      text.ends_with("2 segments, 2 groups; the oldest segment that is needed is 1, by 2 "
                     "groups\n"))
      << text;
}

TEST_F(WalProgram, json_is_json) {
  put_segments();
  for (const char* verb : {"verify --json", "stat -o json", "dump --json", "dump -o json",
                           "dump --json --entries", "verify --output json"}) {
    const Ran ran = look(verb);
    EXPECT_EQ(ran.status, 0);
    std::string_view rest = ran.out;
    for (std::size_t end = 0; !rest.empty(); rest.remove_prefix(end + 1)) {
      end = rest.find('\n');
      ASSERT_NE(end, std::string_view::npos);
      EXPECT_TRUE(Syntax::right(rest.substr(0, end))) << rest.substr(0, end);
    }
  }
  EXPECT_FALSE(Syntax::right("{\"a\": }"));
}

TEST_F(WalProgram, tables_begin_with_what_is_in_them) {
  put_segments();
  const auto cells = [](const std::string& text) {
    return std::regex_replace(text, std::regex("  +"), "|");
  };
  const std::string verified = cells(look("verify -o table").out);
  EXPECT_TRUE(verified.starts_with(
      "SEGMENT|SIZE|BATCHES|WHOLE|MENDED|DAMAGED|ENDS AT BLOCK|TROUBLE\n1|64.0 KiB|3|3|0|0|7|-\n"))
      << verified;
  EXPECT_TRUE(verified.ends_with("clean: 2 segments, 5 batches, 2 groups, 19 entries\n"));
  const std::string stat = cells(look("stat -o table").out);
  EXPECT_TRUE(
      stat.starts_with("SEGMENT|ENTRIES|SIZE|LIVE|NEEDED BY\n"
                       "1|10|7.8 KiB|100 %|group 1, 2\n"))
      << stat;
  EXPECT_TRUE(
      stat.contains("\nGROUP|TERM|ENTRIES|FROM..TO|SIZE|LOST|BACK TO\n"
                    "1|3|3|1..3|31 bytes|0|segment 1\n"))
      << stat;
  const std::string dumped = cells(look("dump -o table --entries").out);
  EXPECT_TRUE(
      dumped.starts_with("SEGMENT|BATCH|AT BLOCK|STATE|GROUP|WRITE|WHAT\n"
                         "1|1|0|whole|1|1|entries t3/1..2 (26 bytes)\n"
                         "1|1|0|whole|1|1|t3/1 command 13 bytes \"say \\\"hi"))
      << dumped;
  EXPECT_TRUE(dumped.contains("\n1|3|5|whole|-|-|a mark\n")) << dumped;
  for (const char* verb : {"verify", "stat", "dump"}) {
    EXPECT_EQ(look(std::string(verb) + " -o plain").out, look(verb).out);
    EXPECT_EQ(look(std::string(verb) + " -o table --json").status, 2) << "one of the two";
  }
}

TEST_F(WalProgram, a_bar_is_on_a_terminal_only_and_goes_when_all_is_read) {
  put_segments();
  const std::string out = (directory_ / "out").string(), complaints = (directory_ / "err").string();
  for (const std::string verb : {"verify", "dump", "stat"}) {
    const std::string command = "wal " + verb + " " + directory_.string() + " >" + out;
    const std::string seen = run_on_terminal(command).out;
    EXPECT_TRUE(
        seen.starts_with("\rlog [===============               ] 64.0 KiB of 128.0 KiB\x1b[K"
                         "\rlog [==============================] 128.0 KiB of 128.0 KiB"
                         "\x1b[K\r\x1b[K"))
        << verb << testing::PrintToString(seen);
    EXPECT_TRUE(seen.ends_with("\r\x1b[K")) << "nothing of it stays";
    EXPECT_EQ(seen.contains("weighing ["), verb == "stat");
    EXPECT_EQ(run_on_terminal(command + " 2>" + complaints).out, "");
    EXPECT_EQ(read(complaints), "");
    EXPECT_EQ(read(out), look(verb).out) << "the terminal changes nothing of what is printed";
  }
}

TEST_F(WalProgram, says_who_has_the_log_open) {
  put_segments();
  EXPECT_FALSE(look("verify").out.contains("has it open"));
  const int handle = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::flock(handle, LOCK_EX | LOCK_NB), 0);
  const std::string text = look("verify").out;
  ::close(handle);
  EXPECT_TRUE(text.contains("process " + std::to_string(::getpid()) + " has it open")) << text;
}

}  // namespace
}  // namespace bowline::apps
