// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/privacy.h"

#include <filesystem>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "bowline/runtime/directory.h"
#include "bowline/runtime/test_places.h"
#include "bowline/runtime/whole_file.h"

namespace bowline::runtime {
namespace {

// Of the process, until this is gone.
class Mask {
 public:
  explicit Mask(mode_t mask) : before_(::umask(mask)) {}
  ~Mask() { ::umask(before_); }
  Mask(const Mask&) = delete;
  Mask& operator=(const Mask&) = delete;

 private:
  mode_t before_;
};

mode_t mode_of(const std::string& path) {
  struct stat about{};
  EXPECT_EQ(::stat(path.c_str(), &about), 0) << path;
  return about.st_mode & 07777U;
}

// One mask gives all to everybody, the other takes from us what we need.
TEST(Privacy, what_is_made_is_for_us_alone_whatever_the_umask) {
  for (const mode_t mask : {0000U, 0022U, 0777U}) {
    const Scratch scratch(ordinary_parent());
    const Mask for_now(mask);
    const std::string above = scratch.path() + "/above";
    ASSERT_TRUE(make_private_directories(above + "/data/"));
    const Result<Directory> log = Directory::open(above + "/data/log");
    ASSERT_TRUE(log) << log.error().what;
    ASSERT_TRUE(log->create("segment", env::block_bytes, false));
    WholeFile whole(above + "/data/whole");
    ASSERT_TRUE(whole.write("x"));
    ASSERT_TRUE(whole.end());
    for (const char* directory : {"", "/data", "/data/log"})
      EXPECT_EQ(mode_of(above + directory), 0700U) << directory << " " << mask;
    for (const char* file : {"/data/log/segment", "/data/whole"})
      EXPECT_EQ(mode_of(above + file), 0600U) << file << " " << mask;
    EXPECT_EQ(exposure_of(above + "/data"), "");
  }
}

TEST(Privacy, what_was_there_stays_as_it_is_and_is_told_of) {
  const Scratch scratch(ordinary_parent());
  const std::string place = scratch.path() + "/data";
  ASSERT_TRUE(make_private_directories(place));
  for (const mode_t mode : {0750U, 0701U, 0755U}) {
    ASSERT_EQ(::chmod(place.c_str(), mode), 0);
    ASSERT_TRUE(make_private_directories(place));
    ASSERT_TRUE(Directory::open(place));
    EXPECT_EQ(mode_of(place), mode);
    EXPECT_TRUE(exposure_of(place).starts_with("others may look into " + place)) << mode;
  }
  EXPECT_TRUE(exposure_of(place).contains("(its mode is 0755)")) << exposure_of(place);
  EXPECT_EQ(exposure_of(scratch.path() + "/nowhere"), "");
}

TEST(Privacy, a_directory_that_cannot_be_made_is_told) {
  const Scratch scratch(ordinary_parent());
  const std::string file = scratch.path() + "/file";
  ASSERT_NE(Handle(::open(file.c_str(), O_CREAT | O_WRONLY, 0600)).number(), -1);
  for (const std::string& path : {file, file + "/data"}) {
    const Result<void> made = make_private_directories(path);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::io);
    EXPECT_TRUE(made.error().what.contains(file)) << made.error().what;
  }
}

}  // namespace
}  // namespace bowline::runtime
