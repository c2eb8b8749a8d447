// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "apps/bowline/serve_rig.h"

// A member whose disk is full from the start: it waits for room. On a file system of its own, in
// memory, that nobody but its shell sees.
namespace bowline::apps {
namespace {

struct FullDiskTest : testing::Test {
  Scratch scratch;
};

// What its shell says that runs `then` beside it, once it has said that the disk is full.
std::string beside_a_full_disk(const Scratch& scratch, const std::string& then) {
  const std::string disk = scratch.at("disk"), said = scratch.at("said");
  const std::vector<int> ports = free_ports(2);
  const std::string serve =
      program() + " serve --data-dir=" + disk + "/data --listen-client-urls=" + url(ports[0]) +
      " --advertise-client-urls=" + url(ports[0]) + " --listen-peer-urls=" + url(ports[1]);
  std::ofstream(scratch.at("script"))
      << "mkdir " << disk << " && mount -t tmpfs -o size=8m tmpfs " << disk << " || exit\n"
      << serve << " >" << said << " 2>&1 &\n"
      << "member=$!\n"
      << "( sleep 60; kill -9 $member ) >/dev/null 2>&1 & late=$!\n"
      << "until grep -q 'what=\"disk full\"' " << said << "; do sleep 0.05; done\n"
      << then << "\nwait $member; echo ended $?; kill $late\n";
  const std::string apart = ::geteuid() == 0 ? "unshare -m" : "unshare -rm";
  return shell(apart + " sh " + scratch.at("script"));
}

TEST_F(FullDiskTest, who_starts_there_ends_when_it_is_told_to) {
  EXPECT_EQ(beside_a_full_disk(scratch, "kill -TERM $member"), "ended 0\n");
  const std::string said = text_of(scratch.at("said"));
  EXPECT_TRUE(said.contains("told to end before it was ready")) << said;
}

TEST_F(FullDiskTest, who_starts_there_goes_on_once_there_is_room) {
  const std::string until_ready =
      "mount -o remount,size=200m " + scratch.at("disk") + "; until grep -q 'ready to serve' " +
      scratch.at("said") + "; do kill -0 $member || exit; sleep 0.05; done; kill -TERM $member";
  EXPECT_EQ(beside_a_full_disk(scratch, until_ready), "ended 0\n");
  const std::string said = text_of(scratch.at("said"));
  EXPECT_TRUE(said.contains("told to end: handing over")) << said;
}

}  // namespace
}  // namespace bowline::apps
